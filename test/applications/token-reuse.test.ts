// The same still-fresh token for identical requests, where the API allows it; and what is counted.
import test from 'ava';
import { decodeJwt } from 'jose';
import { disableApplication } from '../../src/storage/applications.ts';
import { announce } from '../../src/storage/changes.ts';
import { changeSubscription, listSubscriptions } from '../../src/storage/subscriptions.ts';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { addAccount, eventually, requestToken, type TestClient } from '../_protocol.ts';
import { openMyAccount } from '../accounts/_my-account.ts';
import { addApplication, ordersApi } from './_application.ts';

let gatehouse: Gatehouse;
test.before(async () => {
  gatehouse = await startGatehouse();
  await setReuse(600);
  // The server has heard of it.
  const { client } = await addApplication(gatehouse);
  await eventually(
    async () => [(await fetchToken(client)).token, (await fetchToken(client)).token],
    ([first, second]) => first === second,
  );
});
test.after.always(() => gatehouse?.stop());

async function setReuse(seconds: number): Promise<void> {
  const query = await gatehouse.db.query();
  await query('apis').update({ reuse_seconds: seconds });
  await announce(gatehouse.db.knex, 'apis');
}

const params = { grant_type: 'client_credentials' };
async function fetchToken(client: TestClient, more: Record<string, string> = {}) {
  const { body, status, text } = await requestToken(gatehouse, client, { ...params, ...more });
  if (status !== 200) throw new Error(text);
  const token = String(body['access_token']);
  return { token, expiresIn: Number(body['expires_in']), claims: decodeJwt(token) };
}

test.serial(
  'an identical request gets the same token, with what is left of its life',
  async (t) => {
    const { client, application } = await addApplication(gatehouse);
    const first = await fetchToken(client);
    const second = await fetchToken(client);
    t.is(second.token, first.token);
    const left = Number(first.claims.exp) - Date.now() / 1000;
    t.true(Math.abs(second.expiresIn - left) <= 2, `${second.expiresIn} ${left}`);

    const [scope] = ordersApi(gatehouse, 'sandbox').scopes;
    const other = await fetchToken(client, { scope: scope?.name ?? '' });
    t.not(other.token, first.token);
    t.not((await fetchToken((await addApplication(gatehouse)).client)).token, first.token);

    const query = await gatehouse.db.query();
    const counted = await eventually(
      () =>
        query('token_usage')
          .where({ application_id: application.id })
          .orderBy('result')
          .select('result', 'tokens'),
      (rows) => rows.length === 2,
    );
    t.deepEqual(
      counted.map(({ result, tokens }) => [result, Number(tokens)]),
      [
        ['issued', 2],
        ['reused', 1],
      ],
    );
  },
);

test.serial(
  'never after the application, a subscription, a credential or the API changed',
  async (t) => {
    const { client, application } = await addApplication(gatehouse);
    const { db } = gatehouse;
    const query = await db.query();
    const [subscription] = await listSubscriptions(db, { applicationId: application.id, limit: 1 });
    const by = { actor: 'operator' } as const;
    const changes: Record<string, () => Promise<unknown>> = {
      async application() {
        await disableApplication(db, application.id, true);
        await disableApplication(db, application.id, false);
      },
      async subscription() {
        const id = subscription?.id ?? '';
        await changeSubscription(db, id, { from: ['active'], state: 'suspended' }, by);
        await changeSubscription(db, id, { from: ['suspended'], state: 'active' }, by);
      },
      async credential() {
        await query('credentials')
          .where({ client_id: client.client_id })
          .update({ name: 'renamed' });
        await announce(db.knex, 'clients', client.client_id);
      },
      async api() {
        await query('apis').update({ claims: ['plan'] });
        await announce(db.knex, 'apis');
      },
    };
    const ask = async () => (await fetchToken(client)).token;
    for (const [name, change] of Object.entries(changes)) {
      // News of what was changed before may still arrive.
      const [before] = await eventually(
        async () => [await ask(), await ask(), await ask()],
        ([first, second, third]) => first === second && second === third,
      );
      await change();
      const after = await eventually(
        () => ask().catch(() => before),
        (token) => token !== before,
      );
      t.not(after, before, name);
    }
  },
);

test.serial('a token that is past half its life is not given again', async (t) => {
  const { client } = await addApplication(gatehouse);
  const query = await gatehouse.db.query();
  await query('apis').update({ token_lifetime: 60, reuse_seconds: 1 });
  await announce(gatehouse.db.knex, 'apis');
  const first = await fetchToken(client);
  const next = await eventually(
    () => fetchToken(client),
    ({ token }) => token !== first.token,
  );
  t.not(next.token, first.token);
});

test.serial('without it each is new, and who fetches one for every call is told', async (t) => {
  await setReuse(0);
  const owner = await addAccount(gatehouse);
  const { client, application } = await addApplication(gatehouse, { ownerId: owner.id });
  const fetchBoth = async () => [
    (await fetchToken(client)).token,
    (await fetchToken(client)).token,
  ];
  const [first, second] = await eventually(fetchBoth, ([a, b]) => a !== b);
  t.not(first, second);
  for (let round = 0; round < 80; round += 1) await fetchToken(client);

  const { agent } = await openMyAccount(gatehouse, owner);
  const page = await eventually(
    () => agent.get(`${gatehouse.issuer}/applications/${application.id}/usage`),
    ({ text }) => text.includes('A new token for every call?'),
  );
  t.true(page.text.includes('A new token for every call?'), page.text);
  t.true(page.text.includes('expires_in'));
});
