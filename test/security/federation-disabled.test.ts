// T-37: a connector that is disabled lets nobody in, wherever they are on their way.
import { createAgent } from '../_agent.ts';
import type { Gatehouse } from '../_gatehouse.ts';
import { test } from '../_one-at-a-time.ts';
import { createConfirmed, mainText, PASSWORD, visit } from '../accounts/_person.ts';
import { comeBack } from '../federation/_connector.ts';
import {
  aboutToReturn,
  arrive,
  codeFor,
  createProvider,
  ownersOf,
  reasonsOf,
  signedInAs,
  startWith,
  subjectOf,
  switchTo,
} from './_federation.ts';

const alpha = createProvider('Alpha');
const beta = createProvider('Beta', { sub: 'at-beta', email: 'owner@example.org' });

let gatehouse: Gatehouse;
test.before(async () => {
  gatehouse = await startWith([alpha, beta], { settings: { email_trust: undefined } });
});
test.after.always(() => gatehouse?.stop());
test.beforeEach(() => switchTo(gatehouse, alpha, true));

const CLOSED = /Alpha cannot be reached just now|cannot be reached/;

test('T-37 a new trip to a disabled connector does not begin, although its address is known', async (t) => {
  const agent = createAgent(gatehouse.issuer);
  const page = await visit(gatehouse, agent);
  await switchTo(gatehouse, alpha, false);
  const seen = alpha.fake.requests.length;
  const answer = await agent.get(`${page.url}/federation/alpha`);
  t.regex(mainText(answer), CLOSED);
  const hinted = await visit(gatehouse, createAgent(gatehouse.issuer), { idp_hint: 'alpha' });
  t.is(hinted.status, 200);
  t.is(alpha.fake.requests.length, seen);
});

test('T-37 a person who is there when it is disabled does not come back in', async (t) => {
  const { agent, callback } = await aboutToReturn(gatehouse, alpha);
  await switchTo(gatehouse, alpha, false);
  const seen = alpha.fake.requests.length;
  t.regex(mainText(await comeBack(agent, callback)), CLOSED);
  t.is(alpha.fake.requests.length, seen, 'its code was redeemed');
  t.is((await reasonsOf(gatehouse)).at(-1), 'unavailable');
  await switchTo(gatehouse, alpha, true);
  t.is((await comeBack(agent, callback)).status, 400, 'the attempt was not used up');
  t.is(await signedInAs(gatehouse, agent), undefined);
});

test('T-37 a known person is stopped between the callback and our own page', async (t) => {
  const agent = createAgent(gatehouse.issuer);
  alpha.fake.person['sub'] = 'known';
  const form = await arrive(gatehouse, alpha, agent);
  const asked = await agent.submit(form, 'Continue', { email: 'known@example.org' });
  await agent.submit(asked, 'Continue', { code: await codeFor(gatehouse, 'known@example.org') });
  const late = await aboutToReturn(gatehouse, alpha, createAgent(gatehouse.issuer));
  const answer = await late.agent.request(late.callback.url);
  t.is(answer.status, 303);
  await switchTo(gatehouse, alpha, false);
  const page = await late.agent.get(
    new URL(answer.headers.get('Location') ?? '', gatehouse.issuer).href,
  );
  t.regex(mainText(page), CLOSED);
  t.is(await signedInAs(gatehouse, late.agent), undefined);
});

test('T-37 a newcomer is stopped at the form and at the code', async (t) => {
  for (const step of ['form', 'code']) {
    const email = `${step}@example.org`;
    const agent = createAgent(gatehouse.issuer);
    alpha.fake.person['sub'] = step;
    await switchTo(gatehouse, alpha, true);
    let page = await arrive(gatehouse, alpha, agent);
    if (step === 'code') page = await agent.submit(page, 'Continue', { email });
    const fields = step === 'code' ? { code: await codeFor(gatehouse, email) } : { email };
    await switchTo(gatehouse, alpha, false);
    t.regex(mainText(await agent.submit(page, 'Continue', fields)), CLOSED);
    await switchTo(gatehouse, alpha, true);
    // What waited is gone: nothing goes on where it was.
    t.notRegex((await agent.submit(page, 'Continue', fields)).text, /six digits/);
    t.is(await signedInAs(gatehouse, agent), undefined);
    t.false(step in (await ownersOf(gatehouse)));
  }
});

test('T-37 nothing is linked at the link page any more, although the password is right', async (t) => {
  const email = 'owner@example.org';
  await createConfirmed(gatehouse, email);
  const agent = createAgent(gatehouse.issuer);
  Object.assign(alpha.fake.person, { sub: 'to-link', email });
  const asked = await agent.submit(await arrive(gatehouse, alpha, agent), 'Continue', { email });
  const page = await agent.submit(asked, 'Continue', { code: await codeFor(gatehouse, email) });
  t.regex(mainText(page), /You already have an account/);
  await switchTo(gatehouse, alpha, false);
  t.regex(mainText(await agent.submit(page, 'Link and sign in', { password: PASSWORD })), CLOSED);
  t.false('to-link' in (await ownersOf(gatehouse)));
  t.is(await signedInAs(gatehouse, agent), undefined);
});

test('T-37 an identity of a disabled connector is no proof of an account', async (t) => {
  const email = 'prover@example.org';
  const owner = createAgent(gatehouse.issuer);
  Object.assign(alpha.fake.person, { sub: 'prover', email });
  const form = await owner.submit(await arrive(gatehouse, alpha, owner), 'Continue', { email });
  const first = await owner.submit(form, 'Continue', { code: await codeFor(gatehouse, email) });
  t.regex(await subjectOf(gatehouse, first), /^usr_/);

  const agent = createAgent(gatehouse.issuer);
  Object.assign(beta.fake.person, { sub: 'other', email });
  const asked = await agent.submit(await arrive(gatehouse, beta, agent), 'Continue', { email });
  const page = await agent.submit(asked, 'Continue', { code: await codeFor(gatehouse, email) });
  const link = page.html.querySelector('a.connector')?.getAttribute('href') ?? '';
  const there = await agent.request(new URL(link, gatehouse.issuer).href);
  const callback = await alpha.fake.authorize(new URL(there.headers.get('Location') ?? ''));
  await switchTo(gatehouse, alpha, false);
  t.regex(mainText(await comeBack(agent, callback)), CLOSED);
  t.false('other' in (await ownersOf(gatehouse)));
  t.is(await signedInAs(gatehouse, agent), undefined);
});
