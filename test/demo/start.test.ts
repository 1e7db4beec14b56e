import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { fetchMachineToken, freePorts, readDemo, run, temporaryDirectory } from '../_process.ts';

const READY = 'Stop with Ctrl-C';

async function startDemo(t: ExecutionContext) {
  const directory = temporaryDirectory();
  const port = await freePorts(8);
  const env = { GATEHOUSE_DATA_DIR: directory.path, GATEHOUSE_PORT: String(port) };
  const first = run(env);
  t.teardown(async () => {
    await first.stop();
    directory.remove();
  });
  await first.says(READY);
  return { directory, port, env, first, demo: readDemo(directory.path) };
}

function processesThatMention(text: string): string[] {
  const list = execFileSync('ps', ['-eo', 'pid,args'], { encoding: 'utf8' });
  return list.split('\n').filter((line) => line.includes(text) && !line.includes('ps -eo'));
}

test('a first start needs no configuration and writes demo.json for scripts', async (t) => {
  const { demo, directory, port } = await startDemo(t);
  t.is(statSync(join(directory.path, 'demo.json')).mode & 0o777, 0o600);
  t.is(demo.issuer, `http://127.0.0.1:${port}`);
  t.deepEqual(
    demo.accounts.map(({ roles }) => roles),
    [['admin'], ['developer'], ['developer']],
  );
  t.deepEqual(demo.apis.map(({ environment }) => environment).sort(), ['production', 'sandbox']);
  t.deepEqual(
    demo.clients.map(({ kind }) => kind),
    ['web', 'spa', 'native', 'third-party', 'machine', 'machine-jwt', 'console', 'resource-server'],
  );
  const token = await fetchMachineToken(demo);
  t.is(token.status, 200);
  const { access_token } = (await token.json()) as { access_token: string };
  const orders = await fetch(`${demo.api_url}/production/orders`, {
    headers: { Authorization: `Bearer ${access_token}` },
  });
  t.is(orders.status, 200);
  t.is((await fetch(demo.portal_url)).status, 200);
});

test('SIGTERM and Ctrl-C stop everything, and the next start keeps all data', async (t) => {
  const { demo, directory, env, first } = await startDemo(t);
  t.is(await first.stop('SIGINT'), 0);
  t.deepEqual(processesThatMention(directory.path), []);
  await t.throwsAsync(fetch(demo.portal_url));

  const second = run(env);
  t.teardown(() => second.stop());
  await second.says(READY);
  t.deepEqual(readDemo(directory.path).clients, demo.clients);
  t.is((await fetchMachineToken(demo)).status, 200);
  t.is(await second.stop('SIGTERM'), 0);
});

test('a second process with the same data directory joins as a node of the same issuer', async (t) => {
  const { demo, env, first, port } = await startDemo(t);
  const address = `http://127.0.0.1:${port + 7}`;
  const node = run({ ...env, GATEHOUSE_PORT: String(port + 7) });
  t.teardown(() => node.stop());
  await node.says('One more node');

  const keys = await Promise.all(
    [demo.issuer, address].map(async (base) => (await fetch(`${base}/jwks`)).json()),
  );
  t.deepEqual(keys[0], keys[1]);
  const discovery = await fetch(`${address}/.well-known/openid-configuration`);
  t.like(await discovery.json(), { issuer: demo.issuer, jwks_uri: `${demo.issuer}/jwks` });

  t.is(await first.stop(), 0);
  t.is(
    (await fetchMachineToken(demo, address)).status,
    200,
    'the database outlives the first node',
  );
  t.is(await node.stop(), 0);
});

test('the demo moves with its clients when it is started on another port', async (t) => {
  const { demo, directory, env, first } = await startDemo(t);
  await first.stop();
  const port = await freePorts(7);
  const moved = run({ ...env, GATEHOUSE_PORT: String(port) });
  t.teardown(() => moved.stop());
  await moved.says(READY);
  const now = readDemo(directory.path);
  t.is(now.issuer, `http://127.0.0.1:${port}`);
  t.is(now.clients[0]?.client_id, demo.clients[0]?.client_id ?? '');
  t.true(now.clients[0]?.redirect_uris[0]?.startsWith(now.portal_url));
  t.is((await fetchMachineToken(now)).status, 200);
});

test('a killed server leaves nothing that stops the next start', async (t) => {
  const { demo, env, first } = await startDemo(t);
  await first.stop('SIGKILL');
  const next = run(env);
  t.teardown(() => next.stop());
  await next.says(READY);
  t.is((await fetchMachineToken(demo)).status, 200);
});

test('an occupied port is said in one sentence', async (t) => {
  const { env } = await startDemo(t);
  const second = run(env);
  t.is(await second.exited, 1);
  t.regex(second.output().trim(), /^Port \d+ on 127\.0\.0\.1 is in use: .*GATEHOUSE_PORT.*\.$/);
});
