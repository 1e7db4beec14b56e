// A node that cannot reach the database may have missed an emergency: it signs nothing.
import test from 'ava';
import { type CuttingProxy, startCuttingProxy } from '../_cutting-proxy.ts';
import { type Nodes, startNodes } from '../_nodes.ts';
import { eventually } from '../_protocol.ts';
import { ask, askForToken } from './_keys.ts';

let proxy: CuttingProxy;
let nodes: Nodes;
test.before(async () => {
  proxy = await startCuttingProxy();
  nodes = await startNodes({ count: 1, databaseUrl: (url) => proxy.through(url) });
});
test.after.always(async () => {
  await nodes?.stop();
  await proxy?.close();
});

test('cut off, a node signs nothing, not even for a request that began before', async (t) => {
  const client = nodes.client('machine');
  const port = nodes.nodes[0]?.port ?? 0;
  t.is((await askForToken(nodes, port, client)).status, 200);
  const { promise: hold, resolve: finish } = Promise.withResolvers<void>();
  const slow = askForToken(nodes, port, client, { hold });
  // The answer of another request on its own connection: the slow one is under way.
  await askForToken(nodes, port, client);

  await proxy.refuse();
  const late = await eventually(
    () => askForToken(nodes, port, client),
    ({ status }) => status !== 200,
  );
  t.is(late.status, 503, late.text);
  finish();
  t.is((await slow).status, 503);
  t.is((await ask(nodes, port, '/jwks')).status, 200, 'what it published, it goes on publishing');

  await proxy.accept();
  const back = await eventually(
    () => askForToken(nodes, port, client),
    ({ status }) => status === 200,
  );
  t.is(back.status, 200, 'without a restart');
});
