// gatehouse login, logout, whoami: what is kept on the developer's machine, and who may have it.
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import test from 'ava';
import { announce } from '../../src/storage/changes.ts';
import { disableClient } from '../../src/storage/clients.ts';
import { createAgent } from '../_agent.ts';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { callback, eventually, proceed } from '../_protocol.ts';
import { developerMachine } from './_command-line.ts';
import { addProduct, signInByCli, withToken } from './_developer.ts';

let gatehouse: Gatehouse;
let issuer: string[];
test.before(async () => {
  gatehouse = await startGatehouse();
  issuer = ['--issuer', gatehouse.issuer];
});
test.after.always(() => gatehouse?.stop());

/** Signs in as the seeded developer, allows, and lets the browser go back to the command. */
async function allow(url: string): Promise<void> {
  const agent = createAgent(gatehouse.issuer);
  const back = await proceed(gatehouse, agent, await agent.get(url), gatehouse.accounts[1]);
  const answer = await fetch(back.headers.get('Location') ?? '');
  if (!(await answer.text()).includes('You are back.'))
    throw new Error('the command did not answer');
}

const read = (path: string) => JSON.parse(readFileSync(path, 'utf8'))[gatehouse.issuer];

test('what is kept is readable by its owner only, and gone after logout', async (t) => {
  const machine = developerMachine();
  t.teardown(machine.remove);
  const login = await machine.login(issuer, allow);
  t.is(login.code, 0, login.stderr);
  t.is(statSync(machine.credentialsPath).mode & 0o777, 0o600);
  t.is(statSync(dirname(machine.credentialsPath)).mode & 0o777, 0o700);
  const whoami = await machine.run(['whoami', ...issuer]);
  t.regex(whoami.stdout, /dev@example\.com/);
  // The only server where somebody is signed in needs not be named.
  t.is((await machine.run(['whoami'])).code, 0);

  const { refresh_token } = read(machine.credentialsPath);
  const logout = await machine.run(['logout', ...issuer]);
  t.is(logout.code, 0, logout.stderr);
  t.is(readFileSync(machine.credentialsPath, 'utf8'), '{}\n');
  const body = new URLSearchParams({ grant_type: 'refresh_token', refresh_token });
  body.set('client_id', 'c_gatehouse-cli');
  const refused = await fetch(`${gatehouse.issuer}/token`, { method: 'POST', body });
  t.is(refused.status, 400);
  const after = await machine.run(['whoami', ...issuer]);
  t.is(after.code, 1);
  t.regex(after.stderr, /You are not signed in at .*: run `gatehouse login/);
});

test('commands at the same time renew the token one after the other', async (t) => {
  const machine = developerMachine();
  t.teardown(machine.remove);
  await machine.login(issuer, allow);
  const path = machine.credentialsPath;
  for (let round = 0; round < 2; round += 1) {
    const before = read(path);
    writeFileSync(path, JSON.stringify({ [gatehouse.issuer]: { ...before, expires_at: 0 } }));
    const outcomes = await Promise.all([1, 2, 3].map(() => machine.run(['whoami', ...issuer])));
    t.deepEqual(
      outcomes.map(({ code }) => code),
      [0, 0, 0],
      outcomes[0]?.stderr,
    );
    t.not(read(path).refresh_token, before.refresh_token);
  }
  t.false(existsSync(`${path}.lock`));
});

test('the command asks for what it was told to ask for, and gets no more', async (t) => {
  const machine = developerMachine();
  t.teardown(machine.remove);
  await machine.login([...issuer, '--scope', 'products:read'], allow);
  t.is(read(machine.credentialsPath).scope, 'products:read');
  t.is((await machine.run(['apps', 'products', ...issuer])).code, 0);
  const refused = await machine.run(['apps', 'create', '--name', 'x', ...issuer]);
  t.is(refused.code, 1);
  t.regex(refused.stderr, /the scope applications:write/);
});

test('an application from its first secret to its end', async (t) => {
  const machine = developerMachine();
  t.teardown(machine.remove);
  const product = await addProduct(gatehouse, 'Orders');
  await machine.login(issuer, allow);
  const apps = async (...args: string[]) => {
    const { code, stdout, stderr } = await machine.run(['apps', ...args, '--json', ...issuer]);
    t.is(code, 0, stderr);
    return JSON.parse(stdout);
  };
  const env = join(machine.directory, 'my.env');
  const created = await apps('create', '--name', 'Sync', '--env-file', env);
  t.is(created.client_secret, null, 'it is in the file, and nowhere else');
  const [, first] = /^CLIENT_SECRET=(gh_sec_\S+)$/m.exec(readFileSync(env, 'utf8')) ?? [];
  t.like(await apps('subscribe', 'Sync', '--product', 'orders'), { state: 'active' });
  const rotated = await apps('rotate-secret', 'Sync', '--env-file', env, '--overlap', '1');
  t.is(rotated.client_secret, null);
  const [, second] = /^CLIENT_SECRET=(gh_sec_\S+)$/m.exec(readFileSync(env, 'utf8')) ?? [];
  t.truthy(second);
  t.not(second, first);
  const production = await apps('subscribe', 'Sync', '--product', product, '--production');
  t.like(production, { state: 'active', environment: 'production' });
  t.truthy((await apps('show', 'Sync')).clients.production);
  t.like(await apps('delete', 'Sync'), { name: 'Sync' });
  t.is((await apps('list'))[0].state, 'deleted');
});

test('whoever knocks at the port without the state of the request is turned away', async (t) => {
  const machine = developerMachine();
  t.teardown(machine.remove);
  const login = await machine.login(issuer, async (url) => {
    const redirect = new URL(url).searchParams.get('redirect_uri') ?? '';
    t.regex(redirect, /^http:\/\/127\.0\.0\.1:\d+\/callback$/);
    t.is((await fetch(`${redirect}?code=stolen&state=guessed`)).status, 404);
    t.is((await fetch(new URL('/', redirect))).status, 404);
    t.is((await fetch(redirect, { method: 'POST' })).status, 404);
    await allow(url);
  });
  t.is(login.code, 0, login.stderr);
});

test('who does not allow it is not signed in', async (t) => {
  const machine = developerMachine();
  t.teardown(machine.remove);
  const login = await machine.login(issuer, async (url) => {
    const agent = createAgent(gatehouse.issuer);
    const [, account] = gatehouse.accounts;
    const fields = { email: account?.email ?? '', password: account?.password ?? '' };
    const page = await agent.submit(await agent.get(url), 'Sign in', fields);
    const back = await agent.submit(page, 'Deny');
    t.is(callback(back).params.get('error'), 'access_denied');
    await fetch(back.headers.get('Location') ?? '');
  });
  t.is(login.code, 1);
  t.false(existsSync(machine.credentialsPath));
});

test('it says what it needs: a server, and one that is there', async (t) => {
  const machine = developerMachine();
  t.teardown(machine.remove);
  const none = await machine.run(['login']);
  t.is(none.code, 1);
  t.regex(none.stderr, /Which server\?/);
  for (const address of ['http://auth.example.com', 'auth.example.com', 'https://a.example/path']) {
    const wrong = await machine.run(['login', '--issuer', address]);
    t.regex(wrong.stderr, /is not the address of a server/, address);
  }
  const away = await machine.run(['login', '--issuer', 'http://127.0.0.1:9']);
  t.is(away.code, 1);
  t.regex(away.stderr, /cannot be reached/);
});

test.serial('a disabled command line is turned away at once', async (t) => {
  const { access_token } = await signInByCli(gatehouse);
  const caller = withToken(gatehouse, String(access_token));
  t.is((await caller.call('GET', '/me')).status, 200);
  const query = () => gatehouse.db.knex('clients').where({ id: 'c_gatehouse-cli' });
  await disableClient(gatehouse.db, 'c_gatehouse-cli');
  const refused = await eventually(
    () => caller.call('GET', '/me'),
    ({ status }) => status === 401,
  );
  t.is(refused.status, 401);
  await query().update({ disabled_at: null });
  await announce(gatehouse.db.knex, 'clients', 'c_gatehouse-cli');
  const answer = await eventually(
    () => caller.call('GET', '/me'),
    ({ status }) => status === 200,
  );
  t.is(answer.status, 200);
});
