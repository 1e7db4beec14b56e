// Behind PgBouncer in transaction mode LISTEN hears nothing and nothing stays prepared: all works,
// and news are late by the poll. With a direct URL beside it they come at once.

import { createAgent } from '../_agent.ts';
import { sendTo } from '../_at-node.ts';
import { type Nodes, startNodes } from '../_nodes.ts';
import { test } from '../_one-at-a-time.ts';
import { authorize, redeem, refresh, requestToken } from '../_protocol.ts';
import { addKnownMachine, CHANGES, MACHINE, spread } from './_changes.ts';
import { type Pooler, startPgBouncer } from './_pgbouncer.ts';

let nodes: Nodes;
let pooler: Pooler;
test.before(async () => {
  // The nodes start without it, and are told of it before they start again.
  nodes = await startNodes({ count: 2, durable: true });
  pooler = await startPgBouncer(nodes.databaseUrl);
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

const disabled = CHANGES['a disabled client'];

test('everything works through the pooler alone, and news come by asking', async (t) => {
  if (!disabled) throw new Error('no such change');
  await restartWith({ DATABASE_URL: pooler.url });
  const agent = createAgent(nodes.issuer);
  for (let round = 0; round < 10; round += 1) {
    const spa = nodes.client('spa');
    const back = await authorize(nodes, spa, { scope: 'openid offline_access' }, { agent });
    const { status, body, text } = await redeem(nodes, spa, back.get('code') ?? '');
    t.is(status, 200, text);
    const headers = { Authorization: `Bearer ${body['access_token']}` };
    for (const { port } of nodes.nodes)
      t.is((await sendTo(nodes, port, '/userinfo', { headers })).status, 200);
    t.is((await refresh(nodes, spa, body['refresh_token'])).status, 200);
    t.is((await requestToken(nodes, nodes.client('machine'), MACHINE)).status, 200);
  }
  const client = await addKnownMachine(nodes);
  const answers = await spread(nodes, client, disabled.change);
  for (const { error } of answers) t.is(error, 'invalid_client');
  t.log(answers.map(({ milliseconds }) => `${milliseconds.toFixed(0)} ms`).join(', '));
  for (const { process } of nodes.nodes) t.notRegex(process.output(), /prepared statement/);
});

test('with a direct URL beside the pooler, news come at once', async (t) => {
  if (!disabled) throw new Error('no such change');
  await restartWith({ DATABASE_URL: pooler.url, DATABASE_DIRECT_URL: nodes.databaseUrl });
  const client = await addKnownMachine(nodes);
  const answers = await spread(nodes, client, disabled.change);
  for (const { error } of answers) t.is(error, 'invalid_client');
  t.log(answers.map(({ milliseconds }) => `${milliseconds.toFixed(0)} ms`).join(', '));
});
