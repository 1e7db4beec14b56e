// Who may sign up: each mode holds at every door, however one comes to it.
import type { ExecutionContext } from 'ava';
import type { SignUpConfig } from '../../src/config/sign-up.ts';
import { findAccountByEmail } from '../../src/storage/accounts.ts';
import { createAgent } from '../_agent.ts';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { receiveMail } from '../_mail.ts';
import { test } from '../_one-at-a-time.ts';
import {
  createConfirmed,
  errorOf,
  mainText,
  newestMail,
  PASSWORD,
  signUp,
  trySignIn,
  visit,
} from './_person.ts';

async function withMode(
  t: ExecutionContext,
  config: Partial<SignUpConfig>,
  look: (gatehouse: Gatehouse) => Promise<void>,
) {
  const signUpConfig = { mode: 'open' as const, domains: [], passwords: true, ...config };
  const gatehouse = await startGatehouse({ signUp: signUpConfig });
  try {
    await look(gatehouse);
  } finally {
    await gatehouse.stop();
  }
  t.pass();
}

for (const mode of ['closed', 'invitation'] as const) {
  test(`${mode}: no link, no page, no form and no confirmation`, async (t) => {
    await withMode(t, { mode }, async (gatehouse) => {
      const agent = createAgent(gatehouse.issuer);
      const page = await visit(gatehouse, agent, { prompt: 'create' });
      t.regex(mainText(page), mode === 'closed' ? /by an administrator/ : /by invitation only/);
      t.notRegex(page.text, /Create an account/);
      const base = page.url;
      t.is((await agent.get(`${base}/sign-up`)).status, 403);
      const csrf = page.html.querySelector('input[name=csrf]')?.getAttribute('value') ?? '';
      const body = new URLSearchParams({ csrf, email: 'a@example.com', password: PASSWORD });
      for (const path of ['/sign-up', '/sign-up/resend', '/sign-up/confirm'])
        t.is((await agent.request(base + path, { method: 'POST', body })).status, 403, path);
      t.is((await agent.get(`${gatehouse.issuer}/sign-up/confirm?token=x`)).status, 403);
      t.is((await receiveMail(gatehouse, 'a@example.com')).length, 0);
    });
  });
}

test('approval: confirmed, then waiting, and nothing opens before', async (t) => {
  await withMode(t, { mode: 'approval' }, async (gatehouse) => {
    const email = 'noor@example.com';
    const agent = createAgent(gatehouse.issuer);
    await signUp(gatehouse, agent, email);
    const link = (await newestMail(gatehouse, email, 'confirm-sign-up')).link();
    const waiting = await agent.submit(await agent.get(link), 'Confirm and sign in');
    t.regex(mainText(waiting), /administrator has yet to approve/);
    t.is((await findAccountByEmail(gatehouse.db, email))?.state, 'pending');
    const early = await trySignIn(gatehouse, email, PASSWORD);
    t.is(early.status, 403);
    t.regex(mainText(early), /has yet to approve/);
    const wrong = await trySignIn(gatehouse, email, 'not the password at all');
    t.is(wrong.status, 400);
    t.truthy((await visit(gatehouse, agent)).html.querySelector('input[name=password]'));
  });
});

test('domains: only those addresses', async (t) => {
  await withMode(t, { domains: ['example.com'] }, async (gatehouse) => {
    const foreign = await signUp(gatehouse, createAgent(gatehouse.issuer), 'a@evil.example.com');
    t.is(foreign.status, 400);
    t.regex(errorOf(foreign, 'email') ?? '', /these domains can sign up: example\.com/);
    await createConfirmed(gatehouse, 'a@EXAMPLE.com');
    t.truthy(await findAccountByEmail(gatehouse.db, 'a@example.com'));
  });
});

test('passwords switched off: no form, and none of its doors opens', async (t) => {
  await withMode(t, { passwords: false }, async (gatehouse) => {
    const agent = createAgent(gatehouse.issuer);
    const page = await visit(gatehouse, agent);
    t.regex(mainText(page), /switched off/);
    t.falsy(page.html.querySelector('input[name=password]'));
    const csrf = page.html.querySelector('input[name=csrf]')?.getAttribute('value') ?? '';
    const [known] = gatehouse.accounts;
    const body = new URLSearchParams({
      csrf,
      email: known?.email ?? '',
      password: known?.password ?? '',
    });
    for (const path of ['/sign-in', '/sign-up', '/forgot-password'])
      t.is((await agent.request(page.url + path, { method: 'POST', body })).status, 403, path);
    t.is((await agent.get(`${gatehouse.issuer}/reset-password?token=x`)).status, 403);
  });
});
