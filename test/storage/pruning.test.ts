// Expired rows: no request ever reads past them, and they go in batches while requests go on.
import type { ExecutionContext } from 'ava';
import { openDatabase } from '../../src/storage/database.ts';
import { pruneExpired, readGrowth } from '../../src/storage/pruning.ts';
import { createAgent } from '../_agent.ts';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { test } from '../_one-at-a-time.ts';
import {
  authorize,
  basic,
  post,
  redeem,
  refresh,
  requestToken,
  send,
  signInFor,
} from '../_protocol.ts';

const EXPIRED = 50_000;

let gatehouse: Gatehouse;
test.before(async () => {
  gatehouse = await startGatehouse({ rateLimits: true });
});
test.after.always(() => gatehouse?.stop());

async function insertExpired(count: number): Promise<void> {
  // The server's own connections have no patience for this.
  const patient = openDatabase({ url: gatehouse.databaseUrl, name: 'pruning', patient: true });
  const raw = (sql: string) => patient.knex.raw(sql, [count]);
  await raw(`INSERT INTO oidc_payloads (model, id, payload, grant_id, uid, account_id, expires_at)
    SELECT 'Session', sha256(n::text::bytea), '{}', sha256(n::text::bytea), sha256(n::text::bytea),
      'usr_' || n, now() - interval '1 hour' FROM generate_series(1, ?::int) AS n`);
  await raw(`INSERT INTO redeemed_jtis SELECT sha256(n::text::bytea), now() - interval '1 hour'
    FROM generate_series(1, ?::int) AS n`);
  await raw(`INSERT INTO attempts SELECT 'old' || n, 1, '-infinity',
    now() - interval '1 hour' FROM generate_series(1, ?::int) AS n`);
  await patient.knex.raw('ANALYZE oidc_payloads, redeemed_jtis, attempts');
  await patient.close();
}

/** Every kind of request there is, each of which must succeed. */
async function useEverything(t: ExecutionContext): Promise<void> {
  const web = gatehouse.client('web');
  const agent = createAgent(gatehouse.issuer);
  const scope = 'openid offline_access orders.read';
  const back = await authorize(gatehouse, web, { scope }, { agent });
  const { body } = await redeem(gatehouse, web, back.get('code') ?? '');
  t.is((await refresh(gatehouse, web, body['refresh_token'])).status, 200);
  const identity = await signInFor(gatehouse, web, {}, { agent });
  const token = String(identity['access_token']);
  const headers = { Authorization: `Bearer ${token}` };
  t.is((await send(`${gatehouse.issuer}/userinfo`, { headers })).status, 200);
  t.true((await post(gatehouse, '/introspect', { token }, basic(web))).body['active']);
  t.is((await post(gatehouse, '/revoke', { token }, basic(web))).status, 200);
  const machine = { grant_type: 'client_credentials', scope: 'orders.read' };
  t.is((await requestToken(gatehouse, gatehouse.client('machine'), machine)).status, 200);
  const question = await agent.get(`${gatehouse.issuer}/logout`);
  t.regex((await agent.submit(question, 'Sign out')).text, /signed out/i);
}

async function readScans(): Promise<Record<string, number>> {
  // The counters of a session arrive when it says so; those of others within a second.
  await gatehouse.db.knex.raw('SELECT pg_stat_force_next_flush()');
  const rows = await gatehouse.db
    .knex('pg_stat_user_tables')
    .whereIn('relname', ['oidc_payloads', 'redeemed_jtis', 'attempts'])
    .select('relname', 'seq_scan');
  return Object.fromEntries(rows.map(({ relname, seq_scan }) => [relname, Number(seq_scan)]));
}

test('no request scans tables that are full of expired rows', async (t) => {
  await insertExpired(EXPIRED);
  await useEverything(t);
  const explained = async (sql: string, ...values: unknown[]) => {
    const { rows } = await gatehouse.db.knex.raw(`EXPLAIN ${sql}`, values as string[]);
    return JSON.stringify(rows);
  };
  t.regex(await explained('SELECT * FROM oidc_payloads WHERE account_id = ?', 'usr_7'), /Index/);
  const before = await readScans();
  await useEverything(t);
  t.deepEqual(await readScans(), before);
});

test('pruning drains them in batches, by several nodes at once, and leaves what lives', async (t) => {
  const web = gatehouse.client('web');
  const tokens = await signInFor(gatehouse, web, { scope: 'openid offline_access' });
  const pruned: Record<string, number> = {};
  const count = (table: string, rows: number) => {
    t.true(rows <= 1000);
    pruned[table] = (pruned[table] ?? 0) + rows;
  };
  const overdue = async () =>
    Math.max(...(await readGrowth(gatehouse.db)).map(({ overdueSeconds }) => overdueSeconds));
  t.true((await overdue()) > 3000);
  await Promise.all([
    pruneExpired(gatehouse.db, count),
    pruneExpired(gatehouse.db, count),
    refresh(gatehouse, web, tokens['refresh_token']).then(({ status }) => t.is(status, 200)),
  ]);
  for (const table of ['oidc_payloads', 'redeemed_jtis', 'attempts'])
    t.true((pruned[table] ?? 0) >= EXPIRED, JSON.stringify(pruned));
  t.true((await overdue()) < 3000);
  t.is((await refresh(gatehouse, web, tokens['refresh_token'])).status, 200);
});

test('the kept answer of a refresh goes, the used token stays for reuse detection', async (t) => {
  const spa = gatehouse.client('spa');
  const tokens = await signInFor(gatehouse, spa, { scope: 'openid offline_access' });
  await refresh(gatehouse, spa, tokens['refresh_token']);
  const answers = () => gatehouse.db.knex('oidc_payloads').whereNotNull('answer');
  await answers().update({ consumed_at: gatehouse.db.knex.raw("now() - interval '2 minutes'") });
  t.true((await answers()).length > 0);
  await pruneExpired(gatehouse.db, () => undefined);
  t.deepEqual(await answers(), []);
  const replay = await refresh(gatehouse, spa, tokens['refresh_token']);
  t.regex(String(replay.body['error_description']), /already redeemed/);
});
