// Invitations and approvals by the command line.
import test from 'ava';
import { insertAccount } from '../../src/storage/accounts.ts';
import { recordInstallation } from '../../src/storage/installation.ts';
import { createAgent } from '../_agent.ts';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { hasButton } from '../_protocol.ts';
import { linkTo, mailsTo } from '../accounts/_mails.ts';
import { type Environment, environmentOf, run, runJson } from './_cli.ts';

let gatehouse: Gatehouse;
let env: Environment;
test.before(async () => {
  gatehouse = await startGatehouse();
  const { issuer } = gatehouse;
  await recordInstallation(gatehouse.db, { mode: 'production', issuer });
  env = {
    ...environmentOf(gatehouse.config),
    GATEHOUSE_SIGN_UP: 'invitation',
    GATEHOUSE_SMTP_URL: 'smtp://127.0.0.1:9',
    GATEHOUSE_MAIL_FROM: 'no-reply@example.com',
  };
});
test.after.always(() => gatehouse?.stop());

const INVITER = ['--inviter', 'admin@example.com'];
const create = (...args: string[]) => run(['invitations', 'create', ...INVITER, ...args], env);

test.serial('somebody is invited, listed, invited again and not any more', async (t) => {
  await run(['groups', 'create', '--name', 'partners'], env);
  const args = ['--email', 'ivo@example.com', '--group', 'Partners', '--role', 'developer'];
  const { code, stdout } = await create(...args, '--message', 'Welcome!', '--language', 'fr');
  t.is(code, 0);
  t.regex(stdout, /^id +inv_[0-9a-f]{24}\nemail +ivo@example\.com\nexpires /);
  const first = await linkTo(gatehouse, 'ivo@example.com');
  t.true(first.startsWith(`${gatehouse.issuer}/invitation?token=`));

  const again = await run(['invitations', 'resend', 'ivo@example.com'], env);
  t.is(again.stdout, 'ivo@example.com is invited again: the new link is good for 48 hours.\n');
  const second = await linkTo(gatehouse, 'ivo@example.com');
  const agent = createAgent(gatehouse.issuer);
  t.is((await agent.get(first)).status, 404, 'the old link is void');
  t.true(hasButton(await agent.get(second), 'Accept'));

  const revoked = await runJson(['invitations', 'revoke', 'ivo@example.com'], env);
  t.is(revoked['state'], 'revoked');
  t.is((await agent.get(second)).status, 410);
  const [listed] = await runJson<Record<string, unknown>[]>(['invitations', 'list'], env);
  t.like(listed, {
    email: 'ivo@example.com',
    state: 'revoked',
    language: 'fr',
    inviter: 'Ada Marsh',
    roles: ['developer'],
    message: 'Welcome!',
  });
});

const refused: { args: string[]; says: RegExp; env?: Environment }[] = [
  { args: ['--email', 'no address'], says: /must look like noor@example\.com/ },
  { args: ['--email', 'a@example.com, b@example.com'], says: /must look like/ },
  { args: ['--email', 'dev@example.com'], says: /dev@example\.com has an account already/ },
  { args: ['--email', 'a@example.com', '--group', 'nobody'], says: /There is no group nobody/ },
  { args: ['--email', 'a@example.com', '--client', 'c_none'], says: /There is no client c_none/ },
  { args: ['--email', 'a@example.com', '--language', 'tlh'], says: /en, de, fr, es or ja/ },
  { args: ['--email', 'a@example.com', '--message', 'two\nlines'], says: /on one line/ },
  {
    args: ['--email', 'a@elsewhere.example'],
    env: { GATEHOUSE_SIGN_UP_DOMAINS: 'example.com' },
    says: /for addresses of example\.com only/,
  },
  {
    args: ['--email', 'a@example.com'],
    env: { GATEHOUSE_SIGN_UP: 'closed' },
    says: /off while GATEHOUSE_SIGN_UP is closed/,
  },
  {
    args: ['--email', 'a@example.com'],
    env: { GATEHOUSE_SIGN_UP: 'closed', GATEHOUSE_SMTP_URL: '', GATEHOUSE_MAIL_FROM: '' },
    says: /set GATEHOUSE_SMTP_URL and GATEHOUSE_MAIL_FROM/,
  },
];
test.serial('who cannot be invited is said in one sentence, and nobody gets a mail', async (t) => {
  for (const { args, says, env: changes } of refused) {
    const all = ['invitations', 'create', ...INVITER, ...args];
    const { code, stdout, stderr } = await run(all, { ...env, ...changes });
    t.deepEqual([code, stdout], [1, ''], args.join(' '));
    t.regex(stderr, says);
    t.is(stderr.trim().split('\n').length, 1);
  }
  t.deepEqual(await mailsTo(gatehouse, 'a@example.com'), []);
});

test.serial('who waits for an approval is let in or kept out, and told by mail', async (t) => {
  for (const [verb, kind, state] of [
    ['approve', 'account-approved', 'active'],
    ['reject', 'account-rejected', 'pending'],
  ] as const) {
    const email = `${verb}@example.com`;
    const waiting = { approval: 'waiting', preferredLanguage: 'es' } as const;
    await insertAccount(gatehouse.db, { email, emailVerified: true, roles: [], ...waiting });
    const decided = await runJson(['accounts', verb, email], env);
    t.is(decided['state'], state);
    t.like((await mailsTo(gatehouse, email))[0], { kind, language: 'es' });
    const twice = await run(['accounts', verb, email], env);
    t.is(twice.code, 1);
    t.regex(twice.stderr, /does not wait for an approval: it is (active|rejected already)\.\n$/);
    t.is((await mailsTo(gatehouse, email)).length, 1);
  }
  const after = await runJson(['accounts', 'approve', 'reject@example.com'], env);
  t.is(after['state'], 'active', 'who was rejected may be approved after all');
});

test.serial('blocking and unblocking is no way around an approval', async (t) => {
  const email = 'waits@example.com';
  const approval = 'waiting' as const;
  await insertAccount(gatehouse.db, { email, emailVerified: true, roles: [], approval });
  await run(['accounts', 'block', email], env);
  t.is((await runJson(['accounts', 'unblock', email], env))['state'], 'pending');
  await run(['accounts', 'delete', email], env);
  t.is((await runJson(['accounts', 'restore', email], env))['state'], 'pending');
});

test.serial('an administrator starts a reset, and sees no password', async (t) => {
  const { code, stdout } = await run(['accounts', 'reset', 'dev@example.com'], env);
  t.is(code, 0);
  t.regex(
    stdout,
    /^A mail to dev@example\.com \(usr_\w+\) has a link to choose a new password\.\n$/,
  );
  const link = await linkTo(gatehouse, 'dev@example.com');
  t.true(link.startsWith(`${gatehouse.issuer}/reset-password?token=`));
  t.false(stdout.includes(new URL(link).searchParams.get('token') ?? ''));
  await run(['accounts', 'block', 'dev@example.com'], env);
  const blocked = await run(['accounts', 'reset', 'dev@example.com'], env);
  t.is(blocked.code, 1);
  t.regex(blocked.stderr, /cannot sign in: it is blocked\.\n$/);
});

test.serial('whoever is blocked has invited nobody', async (t) => {
  const email = 'friend@example.com';
  const args = ['--email', email, '--inviter', 'sam@example.com'];
  await runJson(['invitations', 'create', ...args], env);
  const link = await linkTo(gatehouse, email);
  const agent = createAgent(gatehouse.issuer);
  t.true(hasButton(await agent.get(link), 'Accept'));
  await run(['accounts', 'block', 'sam@example.com'], env);
  t.is((await agent.get(link)).status, 410);
});
