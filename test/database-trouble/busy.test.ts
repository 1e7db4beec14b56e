// The database works, but somebody holds what requests need.
import type { Knex } from 'knex';
import { openDatabase } from '../../src/storage/database.ts';
import { digest } from '../../src/storage/oidc-payloads.ts';
import { assertUnavailable, refreshParams } from '../_at-node.ts';
import { test } from '../_one-at-a-time.ts';
import { startTroubledNode, type TroubledNode } from './_outage.ts';

let node: TroubledNode;
test.before(async () => {
  node = await startTroubledNode();
});
test.after.always(() => node?.stop());

/** Holds locks in a transaction that has all the time it needs. */
async function holding(lock: (transaction: Knex.Transaction) => Promise<unknown>) {
  const url = node.server.databaseUrl;
  const patient = openDatabase({ url, name: 'holder', patient: true });
  const transaction = await patient.knex.transaction();
  await lock(transaction);
  return async () => {
    await transaction.rollback();
    await patient.close();
  };
}

/** More than the pool has connections. */
const CROWD = 60;

test('a crowd that waits for one table gets a 503 in time, each of them', async (t) => {
  const belongings = await node.handOut();
  const release = await holding((query) =>
    query.raw('LOCK TABLE oidc_payloads IN ACCESS EXCLUSIVE MODE'),
  );
  const { client, refreshToken } = belongings;
  const answers = await Promise.all(
    Array.from({ length: CROWD }, () => node.ask(client, refreshParams(refreshToken))),
  );
  for (const answer of answers) assertUnavailable(t, answer, 'in the crowd');
  for (const path of ['/jwks', '/.well-known/openid-configuration', '/livez'])
    t.is((await node.get(path)).status, 200, path);
  await release();
  await node.assertRecovery(t, belongings);
});

test('a locked family is a 503 in time, and no other family waits', async (t) => {
  const [locked, free] = [await node.handOut(), await node.handOut()];
  const { rows } = await node.server.db.knex.raw(
    "SELECT encode(grant_id, 'hex') AS family FROM oidc_payloads WHERE id = ?",
    [digest(String(locked.refreshToken))],
  );
  const release = await holding((query) =>
    query.raw("SELECT pg_advisory_xact_lock(('x' || left(?, 16))::bit(64)::bigint)", [
      rows[0].family,
    ]),
  );
  const [waited, passed] = await Promise.all([
    node.ask(locked.client, refreshParams(locked.refreshToken)),
    node.ask(free.client, refreshParams(free.refreshToken)),
  ]);
  assertUnavailable(t, waited, 'a refresh of the locked family');
  t.is(passed.status, 200, passed.text);
  await release();
  await node.assertRecovery(t, locked);
});

test('a locked row is a 503 in time, and the token is as good as before', async (t) => {
  const belongings = await node.handOut();
  const release = await holding((query) =>
    query('oidc_payloads')
      .where({ id: digest(String(belongings.refreshToken)) })
      .forUpdate(),
  );
  const { client, refreshToken } = belongings;
  assertUnavailable(t, await node.ask(client, refreshParams(refreshToken)), 'a locked token');
  await release();
  await node.assertRecovery(t, belongings);
});
