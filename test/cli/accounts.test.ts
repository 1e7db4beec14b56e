// Accounts by the command line, and what a running server makes of it.
import test from 'ava';
import { createAgent } from '../_agent.ts';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { assertRefused, authorizeUrl, proceed, refresh, signInFor } from '../_protocol.ts';
import { type Environment, environmentOf, run, runJson } from './_cli.ts';

let gatehouse: Gatehouse;
let env: Environment;
test.before(async () => {
  gatehouse = await startGatehouse();
  env = environmentOf(gatehouse.config);
});
test.after.always(() => gatehouse?.stop());

const auditOf = async (accountId: string) => {
  const query = await gatehouse.db.query();
  const rows = await query('audit_events')
    .where({ account_id: accountId })
    .whereLike('type', 'account.%')
    .orderBy('id');
  return rows.map(({ type, detail }) => [type, detail.by]);
};

const PASSWORD = 'three yellow tram tickets';

test.serial(
  'an account is created with a password from standard input, and can sign in',
  async (t) => {
    const created = await runJson(
      [
        ...['accounts', 'create', '--email', ' Mina.Sol@EXAMPLE.com', '--given-name', 'Mina'],
        ...['--family-name', 'Sol', '--role', 'developer', 'admin', '--role', 'admin'],
        '--password-stdin',
      ],
      env,
      `${PASSWORD}\n`,
    );
    t.regex(String(created['id']), /^usr_/);
    t.like(created, {
      email: 'Mina.Sol@example.com',
      email_verified: true,
      given_name: 'Mina',
      family_name: 'Sol',
      roles: ['developer', 'admin'],
      state: 'active',
      has_password: true,
      password: null,
    });
    t.false(JSON.stringify(created).includes('argon2'));
    const tokens = await signInFor(gatehouse, gatehouse.client('web'), undefined, {
      account: { email: 'mina.sol@example.com', password: PASSWORD },
    });
    t.truthy(tokens['id_token']);
    t.deepEqual(await auditOf(String(created['id'])), [['account.created', 'command line']]);
  },
);

test.serial('without one, a readable password is made and shown once', async (t) => {
  const args = ['accounts', 'create', '--email', 'ilse@example.com'];
  const { code, stdout, stderr } = await run(args, env);
  t.is(code, 0);
  t.regex(stderr, /^The password is not shown again/);
  const [, password = ''] = /^password +(\S+)$/m.exec(stdout) ?? [];
  t.regex(password, /^([a-z2-9]{4}-){3}[a-z2-9]{4}$/);
  const account = { email: 'ilse@example.com', password };
  t.truthy((await signInFor(gatehouse, gatehouse.client('web'), {}, { account }))['id_token']);
});

test.serial('a password that is made is as long as passwords must be', async (t) => {
  const args = ['accounts', 'create', '--email', 'long@example.com'];
  for (const length of [15, 20, 64]) {
    const changed = { ...env, GATEHOUSE_PASSWORD_MIN_LENGTH: String(length) };
    args[3] = `long${length}@example.com`;
    const { password } = await runJson<{ password: string }>(args, changed);
    t.true(password.length >= Math.max(19, length), password);
  }
});

const refused: { args: string[]; stdin?: string; says: RegExp }[] = [
  { args: ['--email', 'not an address'], says: /must look like noor@example\.com/ },
  {
    args: ['--email', 'Dev@Example.COM'],
    says: /already an account with the address Dev@example\.com/,
  },
  {
    args: ['--email', 'a@example.com', '--role', 'two words'],
    says: /A role must have 1 to 64 letters/,
  },
  {
    args: ['--email', 'a@example.com', '--given-name', '\u001b[2J'],
    says: /no control characters/,
  },
  {
    args: ['--email', 'a@example.com', '--password-stdin'],
    stdin: 'fourteen chars',
    says: /at least 15 characters/,
  },
  {
    args: ['--email', 'a@example.com', '--password-stdin'],
    stdin: 'x'.repeat(129),
    says: /at most 128 characters/,
  },
  {
    args: ['--email', 'a@example.com', '--password-stdin'],
    stdin: 'first long line\nsecond long line\n',
    says: /must not contain line breaks/,
  },
];
test.serial('what is wrong with a new account is one sentence', async (t) => {
  for (const { args, stdin, says } of refused) {
    const { code, stdout, stderr } = await run(['accounts', 'create', ...args], env, stdin);
    t.deepEqual([code, stdout], [1, ''], args.join(' '));
    t.regex(stderr, says);
    t.is(stderr.trim().split('\n').length, 1);
  }
  const listed = await runJson<{ email: string }[]>(['accounts', 'list'], env);
  t.false(listed.some(({ email }) => email === 'a@example.com'));
});

test.serial('a blocked account is out at once: refresh, session, sign-in', async (t) => {
  const web = gatehouse.client('web');
  const agent = createAgent(gatehouse.issuer);
  const account = gatehouse.accounts[1]!;
  const scope = { scope: 'openid offline_access' };
  const tokens = await signInFor(gatehouse, web, scope, { agent, account });
  t.is((await refresh(gatehouse, web, tokens['refresh_token'])).status, 200);

  const { code, stdout } = await run(['accounts', 'block', 'DEV@example.com'], env);
  t.is(code, 0);
  t.regex(stdout, /^dev@example\.com \(usr_\w+\) is blocked: /);
  assertRefused(t, await refresh(gatehouse, web, tokens['refresh_token']), {
    error: 'invalid_grant',
    description: /./,
  });
  const again = await agent.get(authorizeUrl(gatehouse, web));
  t.regex(again.text, /Sign in/);
  const attempt = await proceed(gatehouse, agent, again, account);
  t.is(attempt.headers.get('Location'), null, 'no code leaves the server');

  const [listed] = (await runJson<Record<string, unknown>[]>(['accounts', 'list'], env)).filter(
    ({ email }) => email === 'dev@example.com',
  );
  t.is(listed?.['state'], 'blocked');
  const twice = await runJson(['accounts', 'block', String(listed?.['id'])], env);
  t.is(twice['state'], 'blocked');
});

test.serial('unblocked, it signs in anew; what it held stays gone', async (t) => {
  const web = gatehouse.client('web');
  const account = gatehouse.accounts[1]!;
  const { id, state } = await runJson(['accounts', 'unblock', 'dev@example.com'], env);
  t.is(state, 'active');
  const tokens = await signInFor(gatehouse, web, {}, { account });
  t.truthy(tokens['id_token']);
  const events = (await auditOf(String(id))).map(([type]) => type);
  t.deepEqual(events, ['account.blocked', 'account.blocked', 'account.unblocked']);

  const again = await run(['accounts', 'unblock', 'dev@example.com'], env);
  t.is(again.code, 1);
  t.regex(again.stderr, /is not blocked: it is active\.\n$/);
});

test.serial('an account that came while blocked starts from nothing when unblocked', async (t) => {
  // A request that was under way when the block came may leave a session behind it.
  const { id } = await runJson(['accounts', 'block', 'sam@example.com'], env);
  const query = await gatehouse.db.query();
  await query('oidc_payloads').insert({
    model: 'Session',
    id: Buffer.from('left behind'),
    payload: '{}',
    account_id: id,
    expires_at: query.raw("now() + interval '1 hour'"),
  });
  await run(['accounts', 'unblock', 'sam@example.com'], env);
  const left = await query('oidc_payloads').where({ account_id: id });
  t.is(left.length, 0);
});

test.serial('an account that nobody has is named, and nothing changes', async (t) => {
  for (const name of ['usr_0', 'nobody@example.com']) {
    const { code, stderr } = await run(['accounts', 'block', name], env);
    t.deepEqual([code, stderr], [1, `There is no account ${name}.\n`]);
  }
});

test.serial('accounts list is a table for people, cut at the limit', async (t) => {
  const { stdout, stderr } = await run(['accounts', 'list', '--limit', '2'], env);
  const lines = stdout.trimEnd().split('\n');
  t.is(lines.length, 3);
  const column = lines[0]?.indexOf('E-MAIL') ?? -1;
  t.true(lines[1]?.slice(column).startsWith('admin@example.com'));
  t.false(stdout.includes('\u001b'), 'no colours in a pipe');
  t.is(stderr, 'There are more than 2: --limit shows more.\n');
});
