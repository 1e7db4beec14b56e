// The code of six digits that proves the mailbox of a newcomer: five tries each, in all windows together.
import { type Agent, createAgent, type Page } from '../_agent.ts';
import type { Gatehouse } from '../_gatehouse.ts';
import { receiveMail } from '../_mail.ts';
import { test } from '../_one-at-a-time.ts';
import { createConfirmed, errorOf, mainText, PASSWORD, trySignIn } from '../accounts/_person.ts';
import {
  arrive,
  codeFor,
  createProvider,
  eventsOf,
  otherThan,
  ownersOf,
  signedInAs,
  startWith,
  subjectOf,
} from './_federation.ts';

const alpha = createProvider('Alpha');

let gatehouse: Gatehouse;
test.before(async () => {
  gatehouse = await startWith([alpha], {
    config: { rateLimits: true },
    settings: { email_trust: 'none' },
  });
});
test.after.always(() => gatehouse?.stop());

/** Somebody who was sent a code to an address that may be anybody's. */
async function waiting(sub: string, email: string, agent = createAgent(gatehouse.issuer)) {
  Object.assign(alpha.fake.person, { sub, email: `${sub}@example.org` });
  // Not what this is about.
  await gatehouse.db.knex('attempts').whereLike('key', 'sign-up:%').delete();
  const form = await arrive(gatehouse, alpha, agent);
  const page = await agent.submit(form, 'Continue', { email });
  return { agent, page, code: await codeFor(gatehouse, email) };
}

const post = (agent: Agent, page: Page, path: string, fields: Record<string, string>) => {
  const csrf = page.html.querySelector('input[name=csrf]')?.getAttribute('value') ?? '';
  const uid = new URL(page.url).pathname.split('/')[2];
  const body = new URLSearchParams({ csrf, ...fields });
  return agent.request(`${gatehouse.issuer}/interaction/${uid}/identity${path}`, {
    method: 'POST',
    body,
  });
};

test('after five wrong tries the right code is wrong', async (t) => {
  const { agent, page, code } = await waiting('five', 'five@example.com');
  let shown = page;
  for (let n = 0; n < 5; n += 1) {
    shown = await agent.submit(shown, 'Continue', { code: otherThan(code) });
    t.is(shown.status, 400);
    t.regex(String(errorOf(shown, 'code')), /not the code/);
  }
  const late = await agent.submit(shown, 'Continue', { code });
  t.is(late.status, 400);
  t.regex(String(errorOf(late, 'code')), /no longer good/);
  t.is(await signedInAs(gatehouse, agent), undefined);
});

test('of 40 wrong tries at once five are looked at, and the right one after them is wrong', async (t) => {
  const { agent, page, code } = await waiting('at-once', 'at-once@example.com');
  const guess = () => post(agent, page, '/code', { code: otherThan(code) });
  const texts = await Promise.all(Array.from({ length: 40 }, async () => (await guess()).text()));
  t.is(texts.filter((text) => /not the code/.test(text)).length, 5);
  t.is((await post(agent, page, '/code', { code })).status, 400);
});

test('a guess is exactly the code: no list, no text around it', async (t) => {
  const { agent, page, code } = await waiting('shape', 'shape@example.com');
  for (const wrong of ['', `${code}0`, code.slice(1), `+${code}`]) {
    const answer = await post(agent, page, '/code', { code: wrong });
    t.is(answer.status, 400, wrong);
  }
  const twice = new URLSearchParams({
    csrf: page.html.querySelector('input[name=csrf]')?.getAttribute('value') ?? '',
  });
  for (const value of [code, otherThan(code)]) twice.append('code', value);
  const uid = new URL(page.url).pathname.split('/')[2];
  const url = `${gatehouse.issuer}/interaction/${uid}/identity/code`;
  t.is((await agent.request(url, { method: 'POST', body: twice })).status, 400);
  t.is(await signedInAs(gatehouse, agent), undefined);
});

test('a new code makes the old one void, and there are few of them', async (t) => {
  const email = 'resend@example.com';
  const { agent, page, code } = await waiting('resend', email);
  const again = await agent.submit(page, 'Send a new code');
  const next = await codeFor(gatehouse, email);
  t.not(next, code);
  const old = await agent.submit(again, 'Continue', { code });
  t.is(old.status, 400);
  for (let n = 0; n < 20; n += 1) {
    const answer = await post(agent, page, '/code/resend', {});
    t.regex(await answer.text(), /a new code is on its way/);
  }
  const mails = (await receiveMail(gatehouse, email)).filter(
    ({ kind }) => kind === 'identity-code',
  );
  // With five tries each: a chance of one in 40,000 an hour.
  t.true(mails.length <= 6, `${mails.length} codes`);
});

test('a stranger cannot get more codes for one address by beginning anew', async (t) => {
  const email = 'again@example.com';
  for (let n = 0; n < 12; n += 1) {
    const agent = createAgent(gatehouse.issuer);
    await gatehouse.db.knex('attempts').whereLike('key', 'sign-up:%').delete();
    Object.assign(alpha.fake.person, { sub: `again-${n}` });
    await agent.submit(await arrive(gatehouse, alpha, agent), 'Continue', { email });
  }
  const mails = (await receiveMail(gatehouse, email)).filter(
    ({ kind }) => kind === 'identity-code',
  );
  t.true(mails.length <= 6, `${mails.length} codes`);
});

test('the code of one address proves no other', async (t) => {
  const { agent, page, code } = await waiting('moved', 'first@example.com');
  const changed = await post(agent, page, '/profile', {
    email: 'victim@example.com',
    given_name: 'M',
  });
  t.is(changed.status, 303);
  t.is((await post(agent, page, '/code', { code })).status, 400);
  // Proven, and then changed: the proof was for the other address.
  const right = await codeFor(gatehouse, 'victim@example.com');
  await post(agent, page, '/profile', { email: 'first@example.com', given_name: 'M' });
  t.is((await post(agent, page, '/code', { code: right })).status, 400);
  t.false('moved' in (await ownersOf(gatehouse)));
});

test('an address that was proven and changed afterwards is no longer proven', async (t) => {
  const own = 'mine@example.com';
  await createConfirmed(gatehouse, own);
  await createConfirmed(gatehouse, 'theirs@example.com');
  const { agent, page, code } = await waiting('proven', own);
  const link = await agent.submit(page, 'Continue', { code });
  t.regex(mainText(link), /You already have an account/);
  await post(agent, link, '/profile', { email: 'theirs@example.com', given_name: 'M' });
  const uid = new URL(link.url).pathname.split('/')[2];
  const shown = await agent.get(`${gatehouse.issuer}/interaction/${uid}/identity`);
  t.regex(mainText(shown), /We sent a code of six digits to theirs@example\.com/);
  const answer = await post(agent, link, '/link', { password: PASSWORD });
  t.is(answer.status, 303);
  t.regex(answer.headers.get('Location') ?? '', /refused=wrong_account/);
  t.false('proven' in (await ownersOf(gatehouse)));
});

test('a code works once, and only in the sign-in that it was mailed for', async (t) => {
  const { agent, page, code } = await waiting('single', 'single@example.com');
  const other = createAgent(gatehouse.issuer);
  Object.assign(alpha.fake.person, { sub: 'thief', email: 'thief@example.org' });
  const form = await arrive(gatehouse, alpha, other);
  const asked = await other.submit(form, 'Continue', { email: 'single@example.com' });
  t.is((await post(other, asked, '/code', { code })).status, 400);
  const done = await agent.submit(page, 'Continue', { code });
  t.regex(await subjectOf(gatehouse, done), /^usr_/);
  t.is((await post(agent, page, '/code', { code })).status, 400);
  t.is(await signedInAs(gatehouse, other), undefined);
});

test('a code that is too old is no longer good', async (t) => {
  const { agent, page, code } = await waiting('old', 'old@example.com');
  const now = Date.now;
  Date.now = () => now() + 11 * 60_000;
  try {
    t.is((await post(agent, page, '/code', { code })).status, 400);
  } finally {
    Date.now = now;
  }
});

test('the password on the link page is tried as slowly as at sign-in, on the same counters', async (t) => {
  const email = 'guessed@example.com';
  await createConfirmed(gatehouse, email);
  const { id } = await gatehouse.db.knex('accounts').where({ email }).first('id');
  const { agent, page, code } = await waiting('guesser', email);
  let shown = await agent.submit(page, 'Continue', { code });
  const statuses: number[] = [];
  for (let n = 0; n < 6; n += 1) {
    shown = await agent.submit(shown, 'Link and sign in', {
      password: `guess number ${n} of them`,
    });
    statuses.push(shown.status);
  }
  t.deepEqual(statuses, [400, 400, 400, 400, 400, 429]);
  t.regex(shown.headers.get('Retry-After') ?? '', /^\d+$/);
  // The right one as well, here and at sign-in: the counters are the same.
  t.is((await agent.submit(shown, 'Link and sign in', { password: PASSWORD })).status, 429);
  t.is((await trySignIn(gatehouse, email, PASSWORD)).status, 429);
  t.false('guesser' in (await ownersOf(gatehouse)));
  const failed = (await eventsOf(gatehouse, id)).filter((type) => type === 'account.proof-failed');
  t.is(failed.length, 7);
});

test('of 30 passwords at once on the link page at most five are looked at', async (t) => {
  const email = 'stormed@example.com';
  await createConfirmed(gatehouse, email);
  const { agent, page, code } = await waiting('stormer', email);
  const link = await agent.submit(page, 'Continue', { code });
  const answers = await Promise.all(
    Array.from({ length: 30 }, (_, n) =>
      post(agent, link, '/link', { password: `guess number ${n} of them` }),
    ),
  );
  const count = (status: number) => answers.filter((answer) => answer.status === status).length;
  t.true(count(400) <= 5, answers.map(({ status }) => status).join());
  t.is(count(400) + count(429) + count(503), 30);
});
