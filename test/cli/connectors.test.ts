// Connectors by the command line, and what the database and a real upstream make of them.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { type Environment, environmentOf, run, runJson } from './_cli.ts';
import { type DnsServer, startDnsServer } from './_dns-server.ts';
import { type LocalUpstream, startUpstream } from './_upstream.ts';

const SECRET = 'a-secret-that-is-kept';
const KEPT = 'env:GATEHOUSE_CONNECTOR_ACME';

const scratch = mkdtempSync(join(tmpdir(), 'gatehouse-connectors-'));
let gatehouse: Gatehouse;
let upstream: LocalUpstream;
let dns: DnsServer;
let env: Environment;
let redirectUri: string;
test.before(async () => {
  gatehouse = await startGatehouse();
  redirectUri = `${gatehouse.issuer}/federation/acme/callback`;
  upstream = await startUpstream({
    client_id: 'gatehouse',
    client_secret: SECRET,
    redirect_uri: redirectUri.replace('http://127.0.0.1', 'https://auth.example'),
  });
  dns = await startDnsServer();
  env = { ...environmentOf(gatehouse.config), GATEHOUSE_CONNECTOR_ACME: SECRET };
});
test.after.always(async () => {
  upstream?.close();
  dns?.close();
  await gatehouse?.stop();
  rmSync(scratch, { recursive: true, force: true });
});

const connectors = (...args: string[]) => run(['connectors', ...args], env);
const json = <T = Record<string, unknown>>(...args: string[]) =>
  runJson<T>(['connectors', ...args], env);

/** Each command fails with one sentence, which matches. Four at a time: none changes anything. */
async function refused(t: ExecutionContext, cases: [string[], RegExp][]) {
  const left = cases.values();
  const check = async () => {
    for (const [args, sentence] of left) {
      const { code, stdout, stderr } = await connectors(...args);
      t.is(code, 1, args.join(' '));
      t.is(stdout, '');
      t.regex(stderr, sentence);
      t.is(stderr.trim().split('\n').length, 1, stderr);
    }
  };
  await Promise.all(Array.from({ length: 4 }, check));
}

async function audit(type: string): Promise<Record<string, unknown>[]> {
  const rows = await gatehouse.db.knex('audit_events').where({ type }).orderBy('id');
  return rows.map(({ detail }) => detail);
}

test.serial('a connector is added and tells the redirect URI to register', async (t) => {
  const empty = await connectors('list');
  t.regex(empty.stderr, /^There are no connectors yet/);
  const { code, stdout, stderr } = await connectors(
    ...['add', 'acme', '--kind', 'oidc', '--name', 'Acme & Söhne'],
    ...['--client-id', 'gatehouse', '--client-secret', 'env:GATEHOUSE_CONNECTOR_ACME'],
    ...['--set', `issuer=${upstream.issuer}`, 'allowed_domains=acme.example,acme.test'],
    ...['private_network=true', 'attributes.email=always', 'groups.3f2c.x=partners'],
  );
  t.is(code, 0, stderr);
  t.is(stdout, `id            acme\nredirect_uri  ${redirectUri}\n`);
  t.regex(stderr, /^Register the redirect URI with the upstream, then run /);
  t.deepEqual(await json('show', 'acme').then(({ settings }) => settings), {
    client_id: 'gatehouse',
    client_secret: 'env:GATEHOUSE_CONNECTOR_ACME',
    issuer: upstream.issuer,
    allowed_domains: ['acme.example', 'acme.test'],
    private_network: true,
    attributes: { email: 'always' },
    groups: { '3f2c.x': 'partners' },
  });
  t.deepEqual(await audit('connector.added'), [
    { by: 'command line', connector: 'acme', kind: 'oidc' },
  ]);
  const listed = await connectors('list');
  t.regex(listed.stdout, /^acme +oidc +Acme & Söhne +enabled +\d{4}-/m);
});

test.serial('settings come from a file or standard input as well', async (t) => {
  const settings = { client_id: '1234', client_secret: 'file:/run/secrets/google' };
  const path = join(scratch, 'google.json');
  writeFileSync(path, JSON.stringify(settings));
  const google = ['add', 'google', '--kind', 'google', '--name', 'Google'];
  t.like(await json(...google, '--file', path, '--set', 'hd=Acme.example'), { id: 'google' });
  t.deepEqual((await json('show', 'google'))['settings'], { ...settings, hd: 'Acme.example' });
  const github = ['connectors', 'add', 'github', '--kind', 'github', '--name', 'GitHub'];
  const input = JSON.stringify({ ...settings, client_id: 'Iv1.1' });
  t.like(await runJson([...github, '--file', '-'], env, input), {
    redirect_uri: `${gatehouse.issuer}/federation/github/callback`,
  });
});

test.serial('whatever is wrong is one sentence, and changes nothing', async (t) => {
  const before = await json<unknown[]>('list');
  const add = (id: string, kind = 'google', ...more: string[]) => {
    const named = ['add', id, '--kind', kind, '--name', 'New', '--client-id', '1'];
    if (!more.includes('--client-secret')) more.push('--client-secret', KEPT);
    return [...named, ...more];
  };
  const secret = 'a-secret-written-by-mistake';
  const list = join(scratch, 'list.json');
  writeFileSync(list, '[]');
  const notJson = join(scratch, 'not.json');
  writeFileSync(notJson, secret);
  await refused(t, [
    [add('acme'), /^There is already a connector acme/],
    [add('a/b'), /^The id of a connector must have/],
    [add('new', 'myspace'), /There is no kind of connector myspace\. The kinds: google,/],
    [add('new', 'google', '--set', 'linking=maybe'), /^The connector new is not right\. linking: /],
    [add('new', 'google', '--file', join(scratch, 'none')), /none cannot be read/],
    [add('new', 'google', '--file', list), /must be a JSON object/],
    [['add', 'new', '--kind', 'google', '--name', 'New'], /client_id: is missing/],
    [['set', 'acme'], /^Nothing to set/],
    [['set', 'acme', 'issuer='], /issuer: is missing/],
    [['kinds', 'myspace'], /^There is no kind of connector myspace/],
    ...['show', 'disable', 'remove', 'test'].map((verb): [string[], RegExp] => [
      [verb, 'nobody'],
      /^There is no connector nobody: /,
    ]),
  ]);
  const written = await connectors(...add('new', 'google', '--client-secret', secret));
  t.regex(written.stderr, /client_secret: must be env:GATEHOUSE_CONNECTOR_/);
  const unreadable = await connectors(...add('new', 'google', '--file', notJson));
  t.regex(unreadable.stderr, /not\.json is not JSON/);
  for (const { stderr } of [written, unreadable]) t.false(stderr.includes(secret));
  t.deepEqual(await json('list'), before);
  t.is((await connectors('add', 'new')).code, 2);
});

test.serial('the kinds are listed with their settings', async (t) => {
  const { stdout } = await connectors('kinds');
  t.regex(stdout, /^entra +Microsoft +tenant +text +\(required\)$/m);
  t.regex(stdout, /^ +linking +never \| prompt \| auto +prompt$/m);
  const kinds = await json<{ kind: string; settings: { properties: object } }[]>('kinds', 'apple');
  t.deepEqual(Object.keys(kinds[0]?.settings.properties ?? {}).slice(1), [
    'team_id',
    'key_id',
    'private_key',
  ]);
});

test.serial('a connector is changed, renamed, disabled and enabled', async (t) => {
  const set = await connectors('set', 'google', 'hd=', 'linking=never', '--name', 'Workspace');
  t.deepEqual([set.code, set.stdout], [0, 'google is changed.\n']);
  t.like(await json('show', 'google'), {
    name: 'Workspace',
    settings: {
      client_id: '1234',
      client_secret: 'file:/run/secrets/google',
      linking: 'never',
    },
  });
  t.deepEqual((await audit('connector.changed')).at(-1), {
    by: 'command line',
    connector: 'google',
    changed: ['name', 'hd', 'linking'],
  });
  await connectors('disable', 'google');
  await connectors('disable', 'google');
  t.is((await json('show', 'google'))['enabled'], false);
  t.regex((await connectors('enable', 'google')).stdout, /^google is enabled/);
  t.is((await audit('connector.disabled')).length, 1);
  t.is((await audit('connector.enabled')).length, 1);
});

test.serial('a file is applied: all or nothing, once, with a diff', async (t) => {
  const path = join(scratch, 'connectors.json');
  const write = (connectors: unknown) => writeFileSync(path, JSON.stringify({ connectors }));
  const google = {
    id: 'google',
    kind: 'google',
    name: 'Google',
    settings: { client_id: '5678', client_secret: KEPT },
  };
  const x = {
    id: 'x',
    kind: 'x',
    name: 'X',
    enabled: false,
    settings: { client_id: '9', client_secret: KEPT },
  };
  const before = await json<{ id: string }[]>('list');

  write([google, { ...x, settings: { client_secret: KEPT } }]);
  await refused(t, [
    [['apply', '-f', path], /^The connector x is not right\. client_id: is missing/],
  ]);
  write([google, google]);
  await refused(t, [[['apply', '-f', path], /^The file names google twice/]]);
  write([{ ...google, kind: 'gitlab' }]);
  await refused(t, [[['apply', '-f', path], /^google is of the kind google, which cannot become/]]);
  write([{ ...google, colour: 'red' }]);
  await refused(t, [[['apply', '-f', path], /^The file must look like .*colour/]]);
  write([google, x]);
  const dry = await connectors('apply', '-f', path, '--dry-run');
  t.is(dry.stderr, 'Nothing was changed (--dry-run).\n');
  t.deepEqual(await json('list'), before);

  const applied = await connectors('apply', '-f', path);
  t.is(applied.code, 0, applied.stderr);
  t.is(applied.stdout, dry.stdout);
  t.is(
    applied.stdout,
    `~ google
    name: "Workspace" -> "Google"
    settings.client_id: "1234" -> "5678"
    settings.client_secret: "file:/run/secrets/google" -> "env:GATEHOUSE_CONNECTOR_ACME"
    settings.linking: "never" -> -
+ x
    name: "X"
    enabled: false
    settings.client_id: "9"
    settings.client_secret: "env:GATEHOUSE_CONNECTOR_ACME"
`,
  );
  t.like(await json('show', 'x'), { enabled: false, settings: { client_id: '9' } });
  const again = await connectors('apply', '-f', path);
  t.is(again.stdout, '  google\n  x\n');
  const after = await json<{ id: string }[]>('list');
  t.deepEqual(
    after.map(({ id }) => id),
    [...before.map(({ id }) => id), 'x'],
  );
});

interface Tested {
  checks: { name: string; state: string; detail: string }[];
}
async function tested(id: string, extra: Environment = {}) {
  const args = ['connectors', 'test', id, '--json'];
  const { code, stdout, stderr } = await run(args, { ...env, ...extra });
  const { checks } = JSON.parse(stdout || `{"checks":[]}`) as Tested;
  const failed = checks.find(({ state }) => state === 'failed');
  return { code, checks, failed, text: stdout + stderr };
}

test.serial('the test of a connector finds that all is well', async (t) => {
  const { code, checks, text } = await tested('acme');
  t.is(code, 0, text);
  t.deepEqual(
    checks.map(({ name, state }) => `${name} ${state}`),
    [
      'client_secret ok',
      'redirect URI ok',
      'discovery ok',
      'issuer ok',
      'keys ok',
      'authorization endpoint ok',
      'client authentication ok',
    ],
  );
  t.true(checks[1]?.detail.includes(redirectUri));
  t.is(checks[3]?.detail, upstream.issuer);
  t.false(text.includes(SECRET));
  const { stdout } = await connectors('test', 'acme');
  t.regex(stdout, /^client authentication +ok +It knows the client/m);
});

test.serial('the test of a connector says what is wrong with it', async (t) => {
  const wrong = await tested('acme', { GATEHOUSE_CONNECTOR_ACME: 'another-secret' });
  t.is(wrong.code, 1);
  t.is(wrong.failed?.name, 'client authentication');
  t.regex(wrong.failed?.detail ?? '', /check client_id/);
  t.false(wrong.text.includes('another-secret'));

  const none = await tested('acme', { GATEHOUSE_CONNECTOR_ACME: '' });
  t.is(none.code, 1);
  t.like(none.failed, { name: 'client_secret' });
  t.regex(none.failed?.detail ?? '', /^Set GATEHOUSE_CONNECTOR_ACME/);

  const settings = { client_id: 'gatehouse', client_secret: 'env:GATEHOUSE_CONNECTOR_ACME' };
  const file = join(scratch, 'broken.json');
  const broken = { kind: 'oidc', name: 'Broken' };
  writeFileSync(
    file,
    JSON.stringify({
      connectors: [
        { ...broken, id: 'gone', settings: { ...settings, issuer: 'http://127.0.0.1:9' } },
        { ...broken, id: 'path', settings: { ...settings, issuer: `${upstream.issuer}/x` } },
        { ...broken, id: 'slash', settings: { ...settings, issuer: `${upstream.issuer}/` } },
        {
          ...{ id: 'inner', kind: 'oauth2', name: 'Inner' },
          settings: {
            ...settings,
            authorization_endpoint: `${upstream.issuer}/nowhere`,
            token_endpoint: 'http://169.254.169.254/token',
            userinfo_endpoint: `${upstream.issuer}/me`,
          },
        },
      ],
    }),
  );
  t.is((await connectors('apply', '-f', file)).code, 0);
  const gone = await tested('gone');
  t.like(gone.failed, { name: 'discovery' });
  const path = await tested('path');
  t.regex(path.failed?.detail ?? '', /404/);
  const inner = await tested('inner');
  t.deepEqual(
    inner.checks.filter(({ state }) => state === 'failed').map(({ name }) => name),
    ['authorization endpoint', 'client authentication'],
  );
  t.regex(inner.text, /169\.254\.169\.254 is not asked/);
  for (const { code } of [gone, path, inner]) t.is(code, 1);
  for (const id of ['gone', 'path', 'slash', 'inner'])
    t.is((await connectors('remove', id)).stdout, `${id} is removed, with its domains.\n`);
});

test.serial('a production server asks nobody by http or in its own network', async (t) => {
  const away = { ...env, GATEHOUSE_ISSUER: 'https://auth.example.com' };
  const outcome = await run(['connectors', 'test', 'acme', '--json'], away);
  const { checks } = JSON.parse(outcome.stdout) as Tested;
  t.is(outcome.code, 1);
  t.like(checks.at(-1), { name: 'discovery', state: 'failed' });
});

test.serial('a domain leads to its connector once the DNS proves it', async (t) => {
  const proven = () => gatehouse.db.knex('connector_domains').whereNotNull('proof').pluck('domain');
  const added = await json('domains', 'add', 'acme', 'Acme.Example.', '--force-sso');
  t.like(added, { domain: 'acme.example', proof: null, forced: true });
  const name = '_gatehouse.acme.example';
  const text = String(added['txt_value']);
  t.is(added['txt_name'], name);
  t.regex(text, /^gatehouse-domain=[0-9a-f]{32}$/);

  const verify = ['domains', 'verify', 'acme.example', '--dns-server', dns.address];
  await refused(t, [[verify, /^The DNS does not prove acme\.example: .* is not there/]]);
  dns.records.set(name, [['v=spf1 -all'], ['gatehouse-domain=', 'f'.repeat(32)]]);
  await refused(t, [[verify, /^The DNS does not prove acme\.example: .* says something else/]]);
  t.deepEqual(await proven(), []);
  dns.records.set(name, [['v=spf1 -all'], [text.slice(0, 20), text.slice(20)]]);
  const verified = await connectors(...verify);
  t.is(verified.stdout, 'acme.example is proven: its people are led to acme.\n', verified.stderr);
  t.deepEqual(await proven(), ['acme.example']);
  t.deepEqual((await audit('connector.domain-verified'))[0], {
    by: 'command line',
    connector: 'acme',
    domain: 'acme.example',
    forced: true,
  });

  t.like(await json('domains', 'add', 'acme', 'acme.example'), { proof: 'dns', forced: false });
  t.like(await json('domains', 'add', 'acme', 'bücher.example', '--asserted'), {
    domain: 'xn--bcher-kva.example',
    proof: 'asserted',
  });
  await refused(t, [
    [['domains', 'add', 'google', 'acme.example'], /^acme\.example leads to the connector acme/],
    [['domains', 'add', 'nobody', 'x.example'], /^There is no connector nobody/],
    ...['example', '10.0.0.1', '*.example.com'].map((domain): [string[], RegExp] => [
      ['domains', 'add', 'acme', domain],
      /is no domain such as/,
    ]),
    [['domains', 'verify', 'other.example'], /^No connector has the domain other\.example/],
    [['domains', 'remove', 'other.example'], /^No connector has the domain other\.example/],
    [['domains', 'verify', 'acme.example', '--dns-server', 'x'], /^x is no address of a DNS/],
  ]);
  const shown = await connectors('show', 'acme');
  t.regex(shown.stdout, /^domains +acme\.example {2}dns\n +xn--bcher-kva\.example {2}asserted$/m);
  t.regex((await connectors('domains', 'remove', 'acme.example')).stdout, /is removed/);
  t.is((await json<unknown[]>('domains', 'list')).length, 1);
});

test.serial('a connector with identities is not removed', async (t) => {
  const [account] = await gatehouse.db.knex('accounts').select('id').limit(1);
  const identity = { id: 'idn_1', connector_id: 'acme', issuer: upstream.issuer, subject: 'jo' };
  await gatehouse.db.knex('identities').insert({ ...identity, account_id: account.id });
  await refused(t, [
    [['remove', 'acme'], /^One identity belongs to acme: .*connectors disable acme/],
  ]);
  t.is((await json('show', 'acme'))['identities'], 1);
  await gatehouse.db.knex('identities').delete();
  t.is((await connectors('remove', 'acme')).code, 0);
  t.is((await json<unknown[]>('domains', 'list')).length, 0);
  t.deepEqual((await audit('connector.removed')).at(-1), { by: 'command line', connector: 'acme' });
});
