// Behind PgBouncer in transaction mode LISTEN hears nothing and nothing stays prepared: all works,
// and news are late by the poll. With a direct URL beside it they come at once.
import pg from 'pg';
import { createAgent } from '../_agent.ts';
import { sendTo } from '../_at-node.ts';
import { type Nodes, startNodes } from '../_nodes.ts';
import { test } from '../_one-at-a-time.ts';
import {
  addAccount,
  authorize,
  encode,
  eventually,
  redeem,
  refresh,
  requestToken,
  signInFor,
} from '../_protocol.ts';
import { environmentOf, runJson } from '../cli/_cli.ts';
import { age, askForToken, kidOf, tokenOf, verifyEverywhere } from '../keys/_keys.ts';
import { CHANGES, MACHINE } from './_changes.ts';
import { type Pooler, startPgBouncer } from './_pgbouncer.ts';
import { describe, spread, spreadByNotification } from './_spread.ts';

const PEOPLE = 8;
/** No answer is older than that. */
const MAX_STALE_MS = 5000;

let nodes: Nodes;
let pooler: Pooler;
test.before(async () => {
  // A pooler takes no `options` in the URL, which is what `durable` leaves out.
  nodes = await startNodes({ count: 2, durable: true });
  pooler = await startPgBouncer(nodes.databaseUrl);
  await restartWith({ DATABASE_URL: pooler.url });
});
test.after.always(async () => {
  await nodes?.stop();
  await pooler?.stop();
});

async function restartWith(environment: Record<string, string>): Promise<void> {
  for (const node of nodes.nodes) {
    await node.process.stop('SIGTERM');
    await node.restart(environment);
  }
}

/** The environment of an operator who knows only the pooler. */
const operator = () => environmentOf({ ...nodes, databaseUrl: pooler.url });

test('through the pooler alone many people sign in, refresh and sign out at once', async (t) => {
  const web = nodes.client('web');
  const spa = nodes.client('spa');
  const live = async () => {
    // Each with an account of their own: five at once on one would have to wait.
    const browser = { agent: createAgent(nodes.issuer), account: await addAccount(nodes) };
    const { agent } = browser;
    const back = await authorize(nodes, spa, { scope: 'openid offline_access' }, browser);
    const { status, body, text } = await redeem(nodes, spa, back.get('code') ?? '');
    t.is(status, 200, text);
    const headers = { Authorization: `Bearer ${body['access_token']}` };
    for (const { port } of nodes.nodes)
      t.is((await sendTo(nodes, port, '/userinfo', { headers })).status, 200);
    let token = body['refresh_token'];
    for (let times = 0; times < 3; times += 1) {
      const refreshed = await refresh(nodes, spa, token);
      t.is(refreshed.status, 200, refreshed.text);
      token = refreshed.body['refresh_token'];
    }
    t.is((await requestToken(nodes, nodes.client('machine'), MACHINE)).status, 200);

    const { id_token } = await signInFor(nodes, web, { scope: 'openid' }, browser);
    const hint = encode({ id_token_hint: String(id_token) });
    const out = await agent.get(`${nodes.issuer}/logout?${hint}`);
    await agent.submit(out, 'Sign out');
    const again = await authorize(nodes, web, { prompt: 'none' }, { agent });
    t.is(again.get('error'), 'login_required');
  };
  await Promise.all(Array.from({ length: PEOPLE }, live));
  for (const { process } of nodes.nodes) t.notRegex(process.output(), /prepared statement/);
});

test('through the pooler alone news come by asking', async (t) => {
  for (const arrange of [CHANGES['a disabled client'], CHANGES['a changed API']]) {
    const heard = await spread(nodes, await arrange(nodes));
    for (const { staleMilliseconds } of heard) t.true(staleMilliseconds < MAX_STALE_MS);
    t.log(describe(heard.map(({ milliseconds }) => milliseconds)));
  }
});

test('through the pooler alone keys are rotated, and every node signs with the new one', async (t) => {
  const ports = nodes.nodes.map(({ port }) => port);
  const token = (port: number) => askForToken(nodes, port, nodes.client('machine')).then(tokenOf);
  const old = await token(ports[0] ?? 0);
  await age(nodes, { state: 'next', column: 'usable_from', by: '1 second' });
  await runJson(['keys', 'rotate', '--alg', 'RS256'], operator());
  for (const port of ports) {
    const next = await eventually(
      () => token(port),
      (one) => kidOf(one) !== kidOf(old),
    );
    t.not(kidOf(next), kidOf(old));
    await verifyEverywhere(nodes, ports, next);
  }
  await verifyEverywhere(nodes, ports, old);
});

test('the time limits of requests stay on no connection of the pooler', async (t) => {
  const limits = async () => {
    const client = new pg.Client({ connectionString: pooler.url });
    await client.connect();
    // Held for a moment, so that the others are given other connections.
    const { rows } = await client.query(
      "SELECT current_setting('statement_timeout') AS statement, pg_sleep(0.05)",
    );
    await client.end();
    return rows[0].statement;
  };
  const found = await Promise.all(Array.from({ length: 12 }, limits));
  t.deepEqual([...new Set(found)], ['0']);
});

test('through the pooler alone the command line migrates', async (t) => {
  t.deepEqual(await runJson(['migrate'], operator()), { applied: [] });
});

test('with a direct URL beside the pooler news come before a node asks', async (t) => {
  await restartWith({ DATABASE_URL: pooler.url, DATABASE_DIRECT_URL: nodes.databaseUrl });
  const { deaf, milliseconds } = await spreadByNotification(nodes, CHANGES['a disabled client']);
  t.deepEqual(deaf, []);
  t.log(describe(milliseconds));
});
