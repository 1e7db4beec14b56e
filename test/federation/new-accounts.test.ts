// Who gets an account by a connector, and what is asked of them first.
import test from 'ava';
import { approveAccount } from '../../src/accounts/approval.ts';
import { publishTerms } from '../../src/accounts/terms.ts';
import { findPending, keepPending } from '../../src/federation/identities/pending-identity.ts';
import { createOutbox } from '../../src/mail/outbox.ts';
import { runInUnitOfWork } from '../../src/storage/unit-of-work.ts';
import { type Agent, createAgent, type Page } from '../_agent.ts';
import { receiveMail } from '../_mail.ts';
import { hasButton } from '../_protocol.ts';
import { errorOf, follow, mainText, newestMail } from '../accounts/_person.ts';
import {
  accountOf,
  alertOf,
  arrive,
  auditOf,
  claimsOf,
  type Stage,
  startStage,
  type Upstream,
} from './_stage.ts';

let stage: Stage;
test.before(async () => {
  // Mails of one address are counted.
  stage = await startStage({ rateLimits: true });
});
test.after.always(() => stage?.stop());

/** At the form of somebody whom an upstream says nothing of but the subject. */
async function openProfile(person: Record<string, unknown> = {}) {
  const nothing = { email: undefined, given_name: undefined, family_name: undefined };
  const upstream = await stage.upstream({}, { ...nothing, name: undefined, ...person });
  const agent = createAgent(stage.issuer);
  return { upstream, agent, page: await arrive(stage, upstream, { agent }) };
}

async function codeOf(email: string): Promise<string> {
  const mail = await newestMail(stage, email, 'identity-code');
  return /\b\d{6}\b/.exec(mail.text)?.[0] ?? '';
}

const fill = (agent: Agent, page: Page, { id }: Upstream) =>
  agent.submit(page, 'Continue', {
    email: `${id}@example.net`,
    given_name: 'Ana',
    family_name: '',
  });

test('what the upstream does not say is asked, and what is no name or address is said beside the field', async (t) => {
  const { upstream, agent, page } = await openProfile();
  t.regex(mainText(page), /Complete your account/);
  const wrong = await agent.submit(page, 'Continue', {
    ...{ email: 'no-address', given_name: ' ', family_name: 'x'.repeat(101) },
  });
  t.is(wrong.status, 400);
  t.truthy(errorOf(wrong, 'email'));
  t.truthy(errorOf(wrong, 'given_name'));
  t.truthy(errorOf(wrong, 'family_name'));
  t.is(wrong.html.querySelector('#email')?.getAttribute('value'), 'no-address');
  const code = await fill(agent, wrong, upstream);
  const done = await agent.submit(code, 'Continue', {
    code: await codeOf(`${upstream.id}@example.net`),
  });
  const { sub } = await claimsOf(stage, done);
  const account = await accountOf(stage, `${upstream.id}@example.net`);
  t.like(account, { id: sub, given_name: 'Ana', email_verified: true, state: 'active' });
  t.deepEqual(await auditOf(stage, sub, 'account.signed-up'), [
    { approval: false, connector: upstream.id },
  ]);
});

test('a trusted address stands in the form and cannot be replaced by another one', async (t) => {
  const { agent, page, upstream } = await openProfile({ email: 'sure@example.org' });
  t.true(page.html.querySelector('#email')?.hasAttribute('readonly'));
  const done = await agent.submit(page, 'Continue', { email: 'evil@x.org', given_name: 'Ana' });
  await claimsOf(stage, done);
  t.like(await accountOf(stage, 'sure@example.org'), { given_name: 'Ana' });
  t.is(await accountOf(stage, 'evil@x.org'), undefined);
  t.truthy(upstream);
});

test('five wrong codes void the right one; a new one is good', async (t) => {
  const { upstream, agent, page } = await openProfile();
  const email = `${upstream.id}@example.net`;
  let shown = await fill(agent, page, upstream);
  const right = await codeOf(email);
  const wrong = right === '000000' ? '000001' : '000000';
  for (let guess = 0; guess < 5; guess += 1) {
    shown = await agent.submit(shown, 'Continue', { code: wrong });
    t.is(errorOf(shown, 'code'), 'This is not the code of the newest mail.');
  }
  shown = await agent.submit(shown, 'Continue', { code: right });
  t.is(shown.status, 400);
  t.is(errorOf(shown, 'code'), 'This code is no longer good. Send a new one.');
  t.is(await accountOf(stage, email), undefined);
  shown = await agent.submit(shown, 'Send a new code');
  t.regex(mainText(shown), /a new code is on its way/);
  const next = await codeOf(email);
  // As people copy it.
  const done = await agent.submit(shown, 'Continue', {
    code: ` ${next.slice(0, 3)} ${next.slice(3)}`,
  });
  t.truthy((await claimsOf(stage, done))['sub']);
});

test('a code that has expired opens nothing', async (t) => {
  const { upstream, agent, page } = await openProfile();
  const shown = await fill(agent, page, upstream);
  const [, uid = ''] = /\/interaction\/([^/]+)/.exec(shown.url) ?? [];
  const deps = { db: stage.db, encryptionKeys: stage.secrets.encryptionKeys };
  await runInUnitOfWork(stage.db.knex, async (unit) => {
    const pending = await findPending(deps, `interaction:${uid}`);
    if (!pending?.code) throw new Error('no code');
    const code = { ...pending.code, expiresAt: Date.now() - 1 };
    await keepPending(deps, `interaction:${uid}`, { ...pending, code });
    await unit.commit();
  });
  const code = await codeOf(`${upstream.id}@example.net`);
  const late = await agent.submit(shown, 'Continue', { code });
  t.is(errorOf(late, 'code'), 'This code is no longer good. Send a new one.');
});

test('codes to one address are few, and the page says the same when no more are sent', async (t) => {
  const { upstream, agent, page } = await openProfile();
  let shown = await fill(agent, page, upstream);
  const texts = new Set<string>();
  for (let asked = 0; asked < 8; asked += 1) {
    shown = await agent.submit(shown, 'Send a new code');
    texts.add(mainText(shown));
  }
  t.is(texts.size, 1);
  const mails = await receiveMail(stage, `${upstream.id}@example.net`);
  t.true(mails.length >= 3 && mails.length <= 6, String(mails.length));
});

test('another address may be given, and the code of the first one counts no more', async (t) => {
  const { upstream, agent, page } = await openProfile();
  const first = await fill(agent, page, upstream);
  const old = await codeOf(`${upstream.id}@example.net`);
  const form = await follow(agent, first, 'Use another address');
  t.is(form.html.querySelector('#given_name')?.getAttribute('value'), 'Ana');
  const email = `other-${upstream.id}@example.net`;
  const second = await agent.submit(form, 'Continue', { email });
  t.true(mainText(second).includes(email));
  if ((await codeOf(email)) !== old)
    t.is((await agent.submit(second, 'Continue', { code: old })).status, 400);
  const done = await agent.submit(second, 'Continue', { code: await codeOf(email) });
  await claimsOf(stage, done);
  t.truthy(await accountOf(stage, email));
  t.is(await accountOf(stage, `${upstream.id}@example.net`), undefined);
});

test('who cancels the form is back at the portal', async (t) => {
  const { agent, page } = await openProfile();
  const back = await agent.submit(page, 'Cancel');
  const { searchParams } = new URL(back.headers.get('Location') ?? '');
  t.is(searchParams.get('error'), 'access_denied');
});

test('a new account waits for an administrator where the connector says so', async (t) => {
  const upstream = await stage.upstream({ new_accounts: 'approval' });
  const email = `${upstream.id}@example.org`;
  const waiting = await arrive(stage, upstream);
  t.regex(mainText(waiting), /An administrator has yet to approve your account/);
  t.like(await accountOf(stage, email), { state: 'pending', approval: 'waiting' });
  t.regex(mainText(await arrive(stage, upstream)), /An administrator has yet to approve/);
  const account = await accountOf(stage, email);
  if (!account) throw new Error('no account');
  const { db, issuer } = stage;
  const outbox = createOutbox({ db, encryptionKeys: stage.secrets.encryptionKeys });
  await runInUnitOfWork(db.knex, async (unit) => {
    await approveAccount({ db, issuer, outbox }, account, 'a test');
    await unit.commit();
  });
  t.is((await claimsOf(stage, await arrive(stage, upstream)))['sub'], account.id);
});

test('a connector makes no accounts where its administrator said so, and asks for nothing first', async (t) => {
  const nameless = { email: undefined, name: undefined, given_name: undefined };
  for (const [new_accounts, sentence] of [
    ['off', /none can be created with/],
    ['invitation', /New accounts are made by invitation only/],
  ] as const)
    for (const person of [{}, nameless]) {
      const upstream = await stage.upstream({ new_accounts }, person);
      const refused = await arrive(stage, upstream);
      t.regex(String(alertOf(refused)), sentence);
      t.true(hasButton(refused, 'Sign in'), 'another way may be chosen');
      t.is(await accountOf(stage, `${upstream.id}@example.org`), undefined);
    }
});

test('people of other domains are not admitted, whether they are known or not', async (t) => {
  const upstream = await stage.upstream({ allowed_domains: ['example.com'] });
  t.regex(String(alertOf(await arrive(stage, upstream))), /may not be used here/);
  upstream.fake.person['email'] = `${upstream.id}@EXAMPLE.com`;
  await claimsOf(stage, await arrive(stage, upstream));
  upstream.fake.person['email_verified'] = false;
  t.regex(String(alertOf(await arrive(stage, upstream))), /may not be used here/);
});

test('sign-up is closed, by approval or of some domains for a connector, too, unless it says otherwise', async (t) => {
  const passwords = true;
  const closed = await startStage({ signUp: { mode: 'closed', domains: [], passwords } });
  const refused = await arrive(closed, await closed.upstream());
  t.regex(String(alertOf(refused)), /none can be created with/);
  const open = await closed.upstream({ new_accounts: 'open' });
  t.truthy((await claimsOf(closed, await arrive(closed, open)))['sub']);
  await closed.stop();

  const domains = await startStage({
    signUp: { mode: 'approval', domains: ['example.org'], passwords },
  });
  const waiting = await arrive(domains, await domains.upstream());
  t.regex(mainText(waiting), /An administrator has yet to approve your account/);
  const foreign = await domains.upstream({}, { email: 'jo@example.net' });
  t.regex(String(alertOf(await arrive(domains, foreign))), /Addresses of this domain cannot/);
  // Also where the address is typed.
  const agent = createAgent(domains.issuer);
  const typed = await domains.upstream({}, { email: undefined });
  const form = await arrive(domains, typed, { agent });
  const no = await agent.submit(form, 'Continue', { email: 'jo@example.net' });
  t.regex(mainText(no), /Addresses of this domain cannot/);
  await domains.stop();
});

test('terms in force are accepted before the portal hears of the newcomer', async (t) => {
  const own = await startStage();
  await runInUnitOfWork(own.db.knex, async (unit) => {
    await publishTerms(own.db, { version: '2026-1', text: 'Be kind.', consentRequired: true });
    await unit.commit();
  });
  const agent = createAgent(own.issuer);
  const upstream = await own.upstream();
  const page = await arrive(own, upstream, { agent });
  t.regex(mainText(page), /Be kind/);
  const [button = ''] = page.html
    .querySelectorAll('form button.button-primary')
    .map(({ textContent }) => textContent.trim());
  const { sub } = await claimsOf(own, await agent.submit(page, button));
  t.like(await accountOf(own, `${upstream.id}@example.org`), { id: sub, terms_version: '2026-1' });
  await own.stop();
});
