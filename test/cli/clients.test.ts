// Clients by the command line, and what a running server makes of them.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { decodeJwt, exportJWK, generateKeyPair } from 'jose';
import * as client from 'openid-client';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { basic, eventually, post, requestToken, signInFor } from '../_protocol.ts';
import { type Environment, environmentOf, run, runJson } from './_cli.ts';

const PRODUCTION = 'https://api.example.com/orders';
const SANDBOX = 'https://sandbox.api.example.com/orders';

interface Created {
  client_id: string;
  client_secret: string | null;
}

const scratch = mkdtempSync(join(tmpdir(), 'gatehouse-cli-test-'));
let gatehouse: Gatehouse;
let env: Environment;
test.before(async () => {
  gatehouse = await startGatehouse();
  env = environmentOf(gatehouse.config);
});
test.after.always(async () => {
  await gatehouse?.stop();
  rmSync(scratch, { recursive: true, force: true });
});

const create = (...args: string[]) => runJson<Created>(['clients', 'create', ...args], env);
const show = (id: string) => runJson(['clients', 'show', id], env);
const asClient = ({ client_id, client_secret }: Created, ...redirect_uris: string[]) => ({
  client_id,
  ...(client_secret ? { client_secret } : {}),
  redirect_uris,
});
const machineToken = (created: Created, params: Record<string, string> = {}) =>
  requestToken(gatehouse, asClient(created), { grant_type: 'client_credentials', ...params });

test.serial(
  'a machine client gets tokens from the running server with the secret shown once',
  async (t) => {
    const args = [
      'clients',
      'create',
      '--kind',
      'machine',
      '--name',
      'Stock sync',
      '--api',
      PRODUCTION,
    ];
    const { code, stdout, stderr } = await run(args, env);
    t.is(code, 0);
    t.is(stderr, 'The secret is not shown again: store it now where the client finds it.\n');
    const [, client_id = ''] = /^client_id +(c_\w+)$/m.exec(stdout) ?? [];
    const [, client_secret = ''] = /^client_secret +(gh_sec_\S+)$/m.exec(stdout) ?? [];

    const answer = await machineToken({ client_id, client_secret });
    t.is(answer.status, 200, answer.text);
    const claims = decodeJwt(String(answer.body['access_token']));
    t.like(claims, { aud: PRODUCTION, sub: client_id, scope: 'orders.read orders.write' });

    const shown = await run(['clients', 'show', client_id], env);
    t.regex(shown.stdout, /^valid_secrets +1$/m);
    t.regex(
      shown.stdout,
      /^apis +https:\/\/api\.example\.com\/orders {2}orders\.read {2}orders\.write$/m,
    );
    const listed = await run(['clients', 'list'], env);
    t.regex(listed.stdout, new RegExp(`^${client_id} +machine +Stock sync +active `, 'm'));
    t.false(`${shown.stdout}${listed.stdout}`.includes(client_secret.slice(0, 12)));
  },
);

test.serial('it gets the scopes that it was given, and no others', async (t) => {
  const created = await create(
    ...['--kind', 'machine', '--name', 'Reader', '--api', PRODUCTION, '--api', SANDBOX],
    ...['--scope', 'orders.read'],
  );
  t.like(await show(created.client_id), {
    default_api: PRODUCTION,
    apis: [
      { resource: PRODUCTION, scopes: ['orders.read'] },
      { resource: SANDBOX, scopes: ['orders.read'] },
    ],
  });
  t.is((await machineToken(created, { scope: 'orders.read' })).status, 200);
  t.is((await machineToken(created, { scope: 'orders.write' })).body['error'], 'invalid_scope');
});

test.serial(
  'a web client signs people in; of the third party they are asked, of the first not',
  async (t) => {
    const callback = 'https://shop.example.com/callback';
    const common = ['--kind', 'web', '--redirect-uri', callback];
    const first = await create(...common, '--name', 'Shop', '--first-party');
    t.truthy((await signInFor(gatehouse, asClient(first, callback)))['id_token']);
    const other = await create(...common, '--name', 'Other shop', '--no-pkce');
    t.like(await show(first.client_id), { first_party: true, require_pkce: true });
    t.like(await show(other.client_id), { first_party: false, require_pkce: false });
    const rotating = await create(...common, '--name', 'Rotating shop', '--rotate-refresh-tokens');
    t.like(await show(rotating.client_id), { rotate_refresh_tokens: true });
  },
);

test.serial('a mixed client has redirect URIs of both types under one id', async (t) => {
  const created = await create(
    ...['--kind', 'mixed', '--name', 'Console', '--api', SANDBOX, '--first-party'],
    ...['--redirect-uri', 'https://portal.example.com/code'],
    ...['--spa-redirect-uri', 'https://portal.example.com/pkce'],
    ...['--origin', 'https://portal.example.com'],
    ...['--post-logout-redirect-uri', 'https://portal.example.com/'],
  );
  t.truthy(created.client_secret);
  t.like(await show(created.client_id), {
    redirect_uris: [
      { uri: 'https://portal.example.com/code', type: 'web' },
      { uri: 'https://portal.example.com/pkce', type: 'spa' },
    ],
    allowed_cors_origins: ['https://portal.example.com'],
    post_logout_redirect_uris: ['https://portal.example.com/'],
  });
  const spa = await signInFor(
    gatehouse,
    { client_id: created.client_id, redirect_uris: ['https://portal.example.com/pkce'] },
    { scope: 'orders.read' },
  );
  t.is(decodeJwt(String(spa['access_token'])).aud, SANDBOX);
});

test.serial('clients in browsers and on devices get no secret', async (t) => {
  const spa = await create(
    ...['--kind', 'spa', '--name', 'Dashboard', '--redirect-uri', 'https://spa.example.com/cb'],
  );
  const native = await create(
    ...['--kind', 'native', '--name', 'Desktop', '--redirect-uri', 'com.example.app:/cb'],
  );
  t.deepEqual([spa.client_secret, native.client_secret], [null, null]);
  t.like(await show(native.client_id), {
    token_endpoint_auth_method: 'none',
    redirect_uris: [{ uri: 'com.example.app:/cb', type: 'native' }],
  });
});

test.serial('with --jwks a client authenticates by its own key', async (t) => {
  const pair = await generateKeyPair('ES256', { extractable: true });
  const members = { kid: 'job-1', alg: 'ES256', use: 'sig' };
  const publicFile = join(scratch, 'public.json');
  const publicJwk = { ...(await exportJWK(pair.publicKey)), ...members };
  writeFileSync(publicFile, JSON.stringify({ keys: [publicJwk] }));
  const args = [
    '--kind',
    'machine',
    '--name',
    'Invoices',
    '--api',
    PRODUCTION,
    '--jwks',
    publicFile,
  ];
  const { client_id, client_secret } = await create(...args);
  t.is(client_secret, null);
  t.like(await show(client_id), {
    token_endpoint_auth_method: 'private_key_jwt',
    key_ids: ['job-1'],
  });
  const config = await client.discovery(
    new URL(gatehouse.issuer),
    client_id,
    undefined,
    client.PrivateKeyJwt({ key: pair.privateKey, kid: 'job-1' }),
    { execute: [client.allowInsecureRequests] },
  );
  const { access_token } = await client.clientCredentialsGrant(config, { scope: 'orders.read' });
  t.is(decodeJwt(access_token).sub, client_id);

  const privateFile = join(scratch, 'private.json');
  const privateJwk = { ...(await exportJWK(pair.privateKey)), ...members };
  writeFileSync(privateFile, JSON.stringify({ keys: [privateJwk] }));
  const leaked = await run(['clients', 'create', ...args.slice(0, -1), privateFile], env);
  t.is(leaked.code, 1);
  t.regex(leaked.stderr, /private\.json holds a private key, which belongs to the client alone/);
  t.false(leaked.stderr.includes(String(privateJwk.d)));
});

test.serial('a resource server owns its API, alone', async (t) => {
  const taken = ['--kind', 'resource-server', '--name', 'Orders', '--introspects', PRODUCTION];
  const refusal = await run(['clients', 'create', ...taken], env);
  t.is(refusal.code, 1);
  t.regex(
    refusal.stderr,
    /is introspected by c_\w+ \(Orders API\) already: disable that client first/,
  );

  await run(['clients', 'disable', gatehouse.client('resource-server').client_id], env);
  const owner = await create(...taken);
  t.deepEqual((await show(owner.client_id))['introspects'], [PRODUCTION]);
  const unknown = { token: 'unknown' };
  const answer = await post(gatehouse, '/introspect', unknown, basic(asClient(owner)));
  t.deepEqual([answer.status, answer.body], [200, { active: false }], 'its secret is accepted');
});

test.serial('a disabled client is refused by the running server, which knew it', async (t) => {
  const created = await create('--kind', 'machine', '--name', 'Brief', '--api', PRODUCTION);
  t.is((await machineToken(created)).status, 200);
  const { code, stdout } = await run(['clients', 'disable', created.client_id], env);
  t.is(code, 0);
  t.regex(stdout, /^c_\w+ is disabled: it gets no more tokens/);
  const { status, body } = await eventually(
    () => machineToken(created),
    (answer) => answer.status !== 200,
  );
  t.deepEqual([status, body['error']], [401, 'invalid_client']);
  t.truthy((await show(created.client_id))['disabled_at']);

  const query = await gatehouse.db.query();
  const events = await query('audit_events').where({ client_id: created.client_id }).orderBy('id');
  const types = events.map(({ type }) => type).filter((type) => type.startsWith('client.'));
  t.deepEqual(types, ['client.registered', 'client.disabled']);
});

const refused: { args: string[]; says: RegExp }[] = [
  { args: ['--kind', 'web', '--name', 'X'], says: /a web client needs at least one redirect URI/ },
  {
    args: ['--kind', 'web', '--name', 'X', '--redirect-uri', 'http://portal.example.com/cb'],
    says: /redirect URI http:\/\/portal\.example\.com\/cb must use https/,
  },
  {
    args: ['--kind', 'machine', '--name', 'X', '--api', 'https://nowhere.example'],
    says: /There is no API https:\/\/nowhere\.example\. The APIs are https:\/\/api\.example\.com\/orders, /,
  },
  {
    args: ['--kind', 'machine', '--name', 'X', '--api', PRODUCTION, '--scope', 'orders.reed'],
    says: /The scope orders\.reed is not one of .* which have orders\.read, orders\.write/,
  },
  {
    args: ['--kind', 'machine', '--name', 'X', '--jwks', join(scratch, 'absent.json')],
    says: /absent\.json cannot be read as JSON/,
  },
];
test.serial('what is wrong with a new client is one sentence, and none is created', async (t) => {
  const before = await runJson<unknown[]>(['clients', 'list'], env);
  for (const { args, says } of refused) {
    const { code, stdout, stderr } = await run(['clients', 'create', ...args], env);
    t.deepEqual([code, stdout], [1, ''], args.join(' '));
    t.regex(stderr, says);
    t.is(stderr.trim().split('\n').length, 1);
  }
  t.is((await runJson<unknown[]>(['clients', 'list'], env)).length, before.length);
});

test.serial('a client that nobody has is named', async (t) => {
  for (const command of ['show', 'disable']) {
    const { code, stderr } = await run(['clients', command, 'c_0'], env);
    t.is(code, 1);
    t.is(stderr, 'There is no client c_0: `gatehouse clients list` shows them all.\n');
  }
});
