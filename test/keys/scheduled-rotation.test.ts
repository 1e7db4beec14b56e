// Rotation by schedule: when it is due, by the database's clock, and once however many nodes call it.
import test from 'ava';
import { rotateDueSigningKeys } from '../../src/oidc/keys/rotate-keys.ts';
import { openDatabase } from '../../src/storage/database.ts';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { eventually } from '../_protocol.ts';
import { age, askForToken, kidOf, publishedBy, tokenOf } from './_keys.ts';

let gatehouse: Gatehouse;
test.before(async () => {
  gatehouse = await startGatehouse();
});
test.after.always(() => gatehouse?.stop());

const rotateDue = (db = gatehouse.db) => {
  const { secrets, keyTimes } = gatehouse.config;
  return rotateDueSigningKeys({ db, encryptionKeys: secrets.encryptionKeys, keyTimes });
};
const signer = async () =>
  kidOf(tokenOf(await askForToken(gatehouse, gatehouse.config.port, gatehouse.client('machine'))));
const published = async () =>
  (await publishedBy(gatehouse, gatehouse.config.port)).keys.map(({ kid }) => kid);
const audited = () =>
  gatehouse.db.knex('audit_events').where({ type: 'signing_key.rotated' }).orderBy('id');

test.serial('a key that has not signed for the interval stays', async (t) => {
  await age(gatehouse, { state: 'next', column: 'usable_from', by: '1 hour' });
  await age(gatehouse, { state: 'current', column: 'activated_at', by: '89 days 23 hours' });
  t.deepEqual(await rotateDue(), []);
});

test.serial('a key that is due waits for the next one', async (t) => {
  await age(gatehouse, { state: 'current', column: 'activated_at', by: '90 days' });
  await age(gatehouse, { state: 'next', column: 'usable_from', by: '-1 hour' });
  t.deepEqual(await rotateDue(), []);
  t.deepEqual(await audited(), []);
});

test.serial(
  'when it is due, one of many callers rotates, and says so in the audit trail',
  async (t) => {
    await age(gatehouse, { state: 'next', column: 'usable_from', by: '1 second' });
    const from = await signer();
    const pools = Array.from({ length: 3 }, (_, i) =>
      openDatabase({ url: gatehouse.databaseUrl, name: `caller ${i}` }),
    );
    t.teardown(() => Promise.all(pools.map((pool) => pool.close())));
    const results = await Promise.all([...pools, ...pools].map((pool) => rotateDue(pool)));
    const [rotation, ...others] = results.flat();
    t.deepEqual(others, []);
    t.like(rotation, { alg: 'RS256', from });

    const rows = await audited();
    t.deepEqual(
      rows.map(({ detail }) => detail),
      [{ alg: 'RS256', from, to: rotation?.to, reason: 'scheduled' }],
    );
    t.is(await eventually(signer, (kid) => kid !== from), `${rotation?.to}`);
    const kids = (await published()).map(String);
    t.deepEqual(kids.toSorted(), [from, `${rotation?.to}`, `${rotation?.next}`].toSorted());
    t.deepEqual(await rotateDue(), []);
  },
);

test.serial('what is no longer published is removed', async (t) => {
  const { knex } = gatehouse.db;
  await age(gatehouse, { state: 'retired', column: 'published_until', by: '1 second' });
  await rotateDue();
  const states = (await knex('signing_keys').select('state')).map(({ state }) => state);
  t.deepEqual(states.toSorted(), ['current', 'next']);
});

test.serial('the previous release writes no times: the database fills them in', async (t) => {
  const { knex } = gatehouse.db;
  const key = { alg: 'PS256', public_jwk: '{}', private_jwk: Buffer.alloc(1) };
  await knex('signing_keys').insert([
    { ...key, kid: 'n', state: 'next' },
    { ...key, kid: 'c', state: 'current' },
  ]);
  const retired = { state: 'retired', retired_at: knex.fn.now() };
  await knex('signing_keys').where({ kid: 'c' }).update(retired);
  const rows = await knex('signing_keys')
    .where({ alg: 'PS256' })
    .orderBy('kid')
    .select(
      knex.raw('extract(epoch FROM usable_from - created_at)::int AS usable'),
      knex.raw('extract(epoch FROM published_until - retired_at)::int AS kept'),
    );
  await knex('signing_keys').where({ alg: 'PS256' }).delete();
  t.deepEqual(rows, [
    { usable: 0, kept: 90_000 },
    { usable: 86_400, kept: null },
  ]);
});
