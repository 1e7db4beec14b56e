// APIs and signing keys by the command line, and what a running server makes of them.
import { randomBytes } from 'node:crypto';
import test from 'ava';
import { createLocalJWKSet, decodeProtectedHeader, type JSONWebKeySet, jwtVerify } from 'jose';
import { SECRET_VARIABLES } from '../../src/config.ts';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { eventually, requestToken, send } from '../_protocol.ts';
import { type Environment, environmentOf, run, runJson } from './_cli.ts';

let gatehouse: Gatehouse;
let env: Environment;
test.before(async () => {
  gatehouse = await startGatehouse();
  env = environmentOf(gatehouse.config);
});
test.after.always(() => gatehouse?.stop());

const listKeys = () => runJson<Record<string, string>[]>(['keys', 'list'], env);
const fetchKeys = async () =>
  (await send(`${gatehouse.issuer}/jwks`)).body as unknown as JSONWebKeySet;
const fetchToken = async () => {
  const params = {
    grant_type: 'client_credentials',
    scope: 'orders.read',
    resource: 'https://api.example.com/orders',
  };
  const answer = await requestToken(gatehouse, gatehouse.client('machine'), params);
  return String(answer.body['access_token']);
};
// Makes the next key older, or lets its time come.
const age = async (column: 'created_at' | 'usable_from', by: string) => {
  const query = await gatehouse.db.query();
  await query('signing_keys')
    .where({ state: 'next' })
    .update({ [column]: query.raw('now() - ?::interval', [by]) });
};
const kidOf = (token: string) => decodeProtectedHeader(token).kid;

test.serial(
  'keys rotate waits until backends know the next key, and says until when',
  async (t) => {
    const { code, stdout, stderr } = await run(['keys', 'rotate'], env);
    t.deepEqual([code, stdout], [1, '']);
    t.regex(
      stderr,
      /^The next RS256 key may sign from 20\S+Z: backends that cached .* --emergency .*\n$/,
    );
  },
);

test.serial('a clock that is wrong does not make a rotation any earlier', async (t) => {
  const ahead = `const Right = Date;
    globalThis.Date = class extends Right {
      constructor(...args) { super(...(args.length > 0 ? args : [Date.now()])); }
      static now() { return Right.now() + 48 * 3600_000; }
    };`;
  const module = `data:text/javascript,${encodeURIComponent(ahead)}`;
  const wrong = { ...env, NODE_OPTIONS: `--import=${module}` };
  const { code, stderr } = await run(['keys', 'rotate'], wrong);
  t.is(code, 1);
  t.regex(stderr, /^The next RS256 key may sign from/);
});

test.serial('an emergency waits until every node publishes the next key', async (t) => {
  await age('created_at', '0 seconds');
  const { code, stdout, stderr } = await run(['keys', 'rotate', '--emergency'], env);
  t.deepEqual([code, stdout], [1, '']);
  t.regex(stderr, /^The next RS256 key is younger than 10 seconds: .*Try again in a few seconds/);
});

test.serial('an emergency rotation withdraws the key in a running server', async (t) => {
  await age('created_at', '11 seconds');
  const before = await listKeys();
  const next = before.find(({ state }) => state === 'next');
  const current = before.find(({ state }) => state === 'current');
  const old = await fetchToken();
  t.is(kidOf(old), current?.['kid']);

  const { code, stdout } = await run(['keys', 'rotate', '--emergency'], env);
  t.is(code, 0);
  t.regex(stdout, new RegExp(`^RS256: ${next?.['kid']} signs from now on\\.$`, 'm'));
  t.regex(stdout, new RegExp(`^${current?.['kid']} is withdrawn, .* in 10 seconds\\.$`, 'm'));
  t.regex(stdout, /^\S+ is next: published now, may sign from 20.* UTC\.$/m);
  t.regex(stdout, /^Tokens and ID token hints of what is withdrawn become invalid/m);

  const token = await eventually(fetchToken, (fresh) => kidOf(fresh) !== kidOf(old));
  t.is(kidOf(token), next?.['kid']);
  const keys = await eventually(
    fetchKeys,
    (set) => !set.keys.some(({ kid }) => kid === kidOf(old)),
  );
  await t.throwsAsync(jwtVerify(old, createLocalJWKSet(keys)), {
    code: 'ERR_JWKS_NO_MATCHING_KEY',
  });
  t.is((await jwtVerify(token, createLocalJWKSet(keys))).payload.iss, gatehouse.issuer);

  const after = await listKeys();
  t.deepEqual(after.map(({ state }) => state).toSorted(), ['current', 'next']);
  const { stdout: table } = await run(['keys', 'list'], env);
  t.regex(table, new RegExp(`^${next?.['kid']} +RS256 +current .* UTC +signs$`, 'm'));
  t.false(table.includes('private'));
});

test.serial('a next key that was published for a day signs without further ado', async (t) => {
  await age('usable_from', '1 second');
  const before = await listKeys();
  const old = await fetchToken();
  const rotated = await runJson(['keys', 'rotate', '--alg', 'RS256'], env);
  const keyOf = (state: string) => before.find((key) => key['state'] === state)?.['kid'];
  t.is(rotated['current'], keyOf('next'));
  t.like(rotated, { alg: 'RS256', retired: { kid: keyOf('current') }, next: { state: 'next' } });

  const token = await eventually(fetchToken, (fresh) => kidOf(fresh) !== kidOf(old));
  t.is(kidOf(token), keyOf('next'));
  const keys = createLocalJWKSet(await fetchKeys());
  for (const each of [old, token])
    t.is((await jwtVerify(each, keys)).payload.iss, gatehouse.issuer);
  const retired = (await listKeys()).find(({ state }) => state === 'retired');
  const keptFor =
    Date.parse(`${retired?.['published_until']}`) - Date.parse(`${retired?.['retired_at']}`);
  t.is(Math.round(keptFor / 1000), 90_000);
  const { stdout: table } = await run(['keys', 'list'], env);
  t.regex(table, new RegExp(`^${kidOf(old)} +RS256 +retired .* published until 20.* UTC$`, 'm'));

  const query = await gatehouse.db.query();
  const rows = await query('audit_events').where({ type: 'signing_key.rotated' }).orderBy('id');
  t.deepEqual(rows.at(-1).detail, {
    alg: 'RS256',
    from: kidOf(old),
    to: kidOf(token),
    reason: 'manual',
  });
  t.is(rows.at(-2).detail.reason, 'emergency');
});

test.serial('an algorithm that nobody uses has no key to rotate', async (t) => {
  const { code, stderr } = await run(['keys', 'rotate', '--alg', 'PS256', '--emergency'], env);
  t.is(code, 1);
  t.is(stderr, 'There is no PS256 key to rotate: no API signs with it.\n');
});

test.serial('secrets that are not those of the server make nothing', async (t) => {
  const other = {
    ...env,
    [SECRET_VARIABLES.encryptionKeys]: randomBytes(32).toString('base64url'),
  };
  const before = await listKeys();
  for (const args of [
    ['keys', 'rotate', '--emergency'],
    ['clients', 'create', '--kind', 'machine', '--name', 'X'],
    ['accounts', 'create', '--email', 'x@example.com'],
  ]) {
    const { code, stdout, stderr } = await run(args, other);
    t.deepEqual([code, stdout], [1, ''], args.join(' '));
    t.regex(stderr, /^These secrets are not the ones of the server: .*\n$/);
  }
  t.deepEqual(await listKeys(), before);
});

test.serial('a new API gets its key, and the running server issues tokens for it', async (t) => {
  const api = await runJson(
    [
      ...['apis', 'create', '--name', 'Stock', '--resource', 'urn:example:stock'],
      ...['--audience', 'stock-api', '--environment', 'sandbox', '--alg', 'ES256', '--typ', 'JWT'],
      ...['--scope', 'stock.read=See what is in stock', 'stock.write=Count = correct'],
      ...['--lifetime', '120', '--claim', 'scp', 'roles'],
    ],
    env,
  );
  t.like(api, {
    name: 'Stock',
    resource: 'urn:example:stock',
    audience: 'stock-api',
    environment: 'sandbox',
    alg: 'ES256',
    typ: 'JWT',
    token_lifetime: 120,
    claims: ['scp', 'roles'],
    scopes: [
      { name: 'stock.read', description: 'See what is in stock' },
      { name: 'stock.write', description: 'Count = correct' },
    ],
    client_id: null,
  });
  const states = (await listKeys()).filter(({ alg }) => alg === 'ES256').map(({ state }) => state);
  t.deepEqual(states.toSorted(), ['current', 'next']);

  const created = await runJson<{ client_id: string; client_secret: string }>(
    ['clients', 'create', '--kind', 'machine', '--name', 'Counter', '--api', 'stock-api'],
    env,
  );
  const client = { ...created, redirect_uris: [] };
  const request = () => requestToken(gatehouse, client, { grant_type: 'client_credentials' });
  const answer = await eventually(request, ({ status }) => status === 200);
  t.is(answer.status, 200, answer.text);
  const token = String(answer.body['access_token']);
  const { payload, protectedHeader } = await jwtVerify(token, createLocalJWKSet(await fetchKeys()));
  t.like(protectedHeader, { alg: 'ES256', typ: 'JWT' });
  t.like(payload, { aud: 'stock-api', scp: ['stock.read', 'stock.write'] });
  t.is(Number(payload.exp) - Number(payload.iat), 120);
});

const CREATE = ['apis', 'create', '--name', 'X', '--resource', 'https://x.example.com'];
const READ = ['--scope', 'read=See things'];
const refused: { args: string[]; says: RegExp }[] = [
  { args: [...CREATE, '--scope', 'openid=Sign in'], says: /openid belongs to OpenID Connect/ },
  { args: [...CREATE, '--scope', 'a b=Two words'], says: /without spaces, quotes and backslashes/ },
  { args: [...CREATE, '--scope', 'a"=Quoted'], says: /without spaces, quotes and backslashes/ },
  { args: [...CREATE, ...READ, ...READ], says: /the scope read is given twice/ },
  { args: [...CREATE, ...READ, '--lifetime', '59'], says: /at least 60 seconds/ },
  { args: [...CREATE, ...READ, '--lifetime', '3601'], says: /at most 3600 seconds/ },
  { args: [...CREATE, ...READ, '--audience', 'c_1234'], says: /must not look like a client id/ },
  {
    args: [...CREATE, ...READ, '--audience', 'https://api.example.com/orders'],
    says: /^the API Orders \(https:\/\/api\.example\.com\/orders\) has this resource or audience already/,
  },
  { args: [...CREATE.with(5, '/orders'), ...READ], says: /must be an absolute URI such as/ },
  {
    args: [...CREATE.with(5, 'https://x.example.com/#a'), ...READ],
    says: /not contain a fragment/,
  },
  {
    args: [...CREATE.with(5, 'HTTPS://x.example.com'), ...READ],
    says: /must begin with https:\/\/x\./,
  },
];
test.serial('what is wrong with a new API is one sentence, and nothing is made', async (t) => {
  const keys = await listKeys();
  for (const { args, says } of refused) {
    const { code, stdout, stderr } = await run([...args, '--alg', 'Ed25519'], env);
    t.deepEqual([code, stdout], [1, ''], args.join(' '));
    t.regex(stderr, says);
    t.is(stderr.trim().split('\n').length, 1);
  }
  t.deepEqual(await listKeys(), keys, 'not even a signing key');
  const { stdout } = await run(['apis', 'list'], env);
  t.regex(
    stdout,
    /^Stock +sandbox +urn:example:stock +stock-api +ES256 +stock\.read stock\.write$/m,
  );
  t.notRegex(stdout, /x\.example\.com/);
});
