// Groups by the command line, and what tokens and userinfo of a running server say of them.
import test from 'ava';
import { decodeJwt } from 'jose';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { authorizeUrl, eventually, refresh, send, signInFor } from '../_protocol.ts';
import { type Environment, environmentOf, run, runJson } from './_cli.ts';

let gatehouse: Gatehouse;
let env: Environment;
test.before(async () => {
  gatehouse = await startGatehouse();
  env = environmentOf(gatehouse.config);
});
test.after.always(() => gatehouse?.stop());

const idTokenOf = (tokens: Record<string, unknown>) => decodeJwt(String(tokens['id_token']));

test.serial('a group is created, listed, and named once', async (t) => {
  const created = await runJson(['groups', 'create', '--name', 'beta-testers'], env);
  t.regex(String(created['id']), /^grp_[0-9a-f]{24}$/);
  await runJson(['groups', 'create', '--name', 'partners', '--description', 'They resell'], env);
  const twice = await run(['groups', 'create', '--name', 'Partners'], env);
  t.deepEqual([twice.code, twice.stderr], [1, 'There is already a group Partners.\n']);
  const wrong = await run(['groups', 'create', '--name', 'two words'], env);
  t.is(wrong.code, 1);
  t.regex(wrong.stderr, /^A group name must have 1 to 64 letters/);
  const listed = await runJson<{ name: string; members: number }[]>(['groups', 'list'], env);
  t.deepEqual(
    listed.map(({ name, members }) => [name, members]),
    [
      ['beta-testers', 0],
      ['partners', 0],
    ],
  );
});

test.serial('who is in a group has it in ID token and userinfo when the scope asks', async (t) => {
  const web = gatehouse.client('web');
  const account = gatehouse.accounts[1]!;
  const first = await run(['groups', 'add', 'beta-testers', account.email], env);
  t.deepEqual([first.code, first.stdout], [0, 'dev@example.com is now in beta-testers.\n']);
  const again = await run(['groups', 'add', 'BETA-testers', account.email], env);
  t.is(again.stdout, 'dev@example.com is already in beta-testers.\n');
  await run(['groups', 'add', 'partners', account.email], env);

  const tokens = await signInFor(gatehouse, web, { scope: 'openid groups' }, { account });
  const userinfo = await send(`${gatehouse.issuer}/userinfo`, {
    headers: { Authorization: `Bearer ${tokens['access_token']}` },
  });
  t.deepEqual(userinfo.body['groups'], ['beta-testers', 'partners']);
  const silent = await signInFor(gatehouse, web, { scope: 'openid' }, { account });
  t.false('groups' in idTokenOf(silent));
});

test.serial('an API that asks has groups in its tokens, as they are at each refresh', async (t) => {
  const account = gatehouse.accounts[1]!;
  const resource = 'https://api.example.com/stock';
  const api = ['--name', 'Stock', '--resource', resource, '--scope', 'stock.read=See stock'];
  await runJson(['apis', 'create', ...api, '--claim', 'groups'], env);
  const uri = 'https://stock.example.com/callback';
  const client = ['--kind', 'web', '--name', 'Stock', '--first-party', '--redirect-uri', uri];
  const made = await runJson(['clients', 'create', ...client, '--api', resource], env);
  const web = {
    client_id: String(made['client_id']),
    client_secret: String(made['client_secret']),
    redirect_uris: [uri],
  };
  const known = () => send(authorizeUrl(gatehouse, web, { scope: 'stock.read' }));
  await eventually(known, ({ status }) => status === 303);
  const params = { scope: 'openid offline_access stock.read' };
  const tokens = await signInFor(gatehouse, web, params, { account });
  t.deepEqual(decodeJwt(String(tokens['access_token']))['groups'], ['beta-testers', 'partners']);

  const removed = await runJson(['groups', 'remove', 'partners', account.email], env);
  t.is(removed['changed'], true);
  const { body } = await refresh(gatehouse, web, tokens['refresh_token']);
  t.deepEqual(decodeJwt(String(body['access_token']))['groups'], ['beta-testers']);
});

test.serial("a deleted group is in nobody's tokens; an unknown one is named", async (t) => {
  const { stdout } = await run(['groups', 'delete', 'beta-testers'], env);
  t.is(stdout, 'The group beta-testers is deleted. Its accounts stay.\n');
  const gone = await run(['groups', 'add', 'beta-testers', 'dev@example.com'], env);
  t.deepEqual([gone.code, gone.stderr], [1, 'There is no group beta-testers.\n']);
  const nobody = await run(['groups', 'add', 'partners', 'nobody@example.com'], env);
  t.deepEqual([nobody.code, nobody.stderr], [1, 'There is no account nobody@example.com.\n']);
});
