// The way to the database is refused, or nothing comes back on it.
import { type CuttingProxy, startCuttingProxy } from '../_cutting-proxy.ts';
import { test } from '../_one-at-a-time.ts';
import { eventually } from '../_protocol.ts';
import { startTroubledNode, type TroubledNode } from './_outage.ts';

let proxy: CuttingProxy;
let node: TroubledNode;
test.before(async () => {
  proxy = await startCuttingProxy();
  node = await startTroubledNode({ databaseUrl: (url) => proxy.through(url) });
});
test.after.always(async () => {
  await node?.stop();
  await proxy?.close();
});

const machine = { grant_type: 'client_credentials', scope: 'orders.read' };

test('refused connections are a 503 in time, and no restart is needed after', async (t) => {
  const belongings = await node.handOut();
  await proxy.refuse();
  await node.assertOutage(t, belongings);
  await proxy.accept();
  await node.assertRecovery(t, belongings);
});

test('a database that hangs is a 503 in time, and no restart is needed after', async (t) => {
  const belongings = await node.handOut();
  proxy.hold();
  await node.assertOutage(t, belongings);
  proxy.release();
  await node.assertRecovery(t, belongings);
});

test('machines get tokens for seconds without the database, and then a 503', async (t) => {
  const client = node.server.client('machine');
  t.is((await node.ask(client, machine)).status, 200);
  await proxy.refuse();
  t.is((await node.ask(client, machine)).status, 200);
  // What others changed meanwhile cannot be known: a blocked client must not outlive its block.
  const answer = await eventually(
    () => node.ask(client, machine),
    ({ status }) => status !== 200,
  );
  t.is(answer.status, 503, answer.text);
  t.regex(String(answer.headers['retry-after']), /^\d+$/);
  await proxy.accept();
  await eventually(
    () => node.ask(client, machine),
    ({ status }) => status === 200,
  );
});
