// T-03: whatever arrives at once about one family, it is revoked, and no connection is lost over it.
import test from 'ava';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { exchange, obtainCode, post } from './_flow.ts';

let gatehouse: Gatehouse;
test.before(async () => {
  gatehouse = await startGatehouse();
});
test.after.always(() => gatehouse?.stop());

test.serial(
  'T-03 parallel revocations and replays of one family all succeed or are refused',
  async (t) => {
    const { agent } = await obtainCode(gatehouse, 'third-party', {
      overrides: { scope: 'openid' },
    });
    for (let round = 0; round < 5; round += 1) {
      const overrides = { scope: 'openid email offline_access' };
      const flow = await obtainCode(gatehouse, 'third-party', { agent, overrides });
      const { access_token, refresh_token } = (await exchange(gatehouse, 'third-party', flow)).json;
      const revoke = (token: unknown) =>
        post(gatehouse, '/revoke', { token: String(token) }, { as: 'third-party' });
      const thrice = <T>(work: () => Promise<T>) => [work(), work(), work()];
      const [revocations, replays] = await Promise.all([
        Promise.all([
          ...thrice(() => revoke(refresh_token)),
          ...thrice(() => revoke(access_token)),
        ]),
        Promise.all(thrice(() => exchange(gatehouse, 'third-party', flow))),
      ]);
      t.deepEqual(new Set(revocations.map(({ status }) => status)), new Set([200]));
      t.deepEqual(new Set(replays.map(({ json }) => json['error'])), new Set(['invalid_grant']));
      const again = await post(
        gatehouse,
        '/token',
        { grant_type: 'refresh_token', refresh_token: String(refresh_token) },
        { as: 'third-party' },
      );
      t.is(again.json['error'], 'invalid_grant');
    }
  },
);

test.serial('a request that is over has given its database connection back', async (t) => {
  const { client_id } = gatehouse.client('spa');
  const overrides = { scope: 'openid email offline_access' };
  for (let round = 0; round < 5; round += 1) {
    const flow = await obtainCode(gatehouse, 'spa', { overrides });
    const { refresh_token } = (await exchange(gatehouse, 'spa', flow)).json;
    await Promise.all(
      Array.from({ length: 5 }, async () => {
        await Promise.all([
          post(gatehouse, '/revoke', { token: String(refresh_token), client_id }),
          exchange(gatehouse, 'spa', flow),
        ]);
      }),
    );
  }
  const { pool } = gatehouse.db.knex.client;
  for (let attempt = 0; attempt < 50 && pool.numUsed() > 0; attempt += 1)
    await new Promise((resolve) => setTimeout(resolve, 20));
  t.is(pool.numUsed(), 0);
});
