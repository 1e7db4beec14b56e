// T-32, T-33: what the redirect URI of a connector receives counts once, in the browser that began it,
// for the connector that it was begun with.
import { type Agent, createAgent, type Page } from '../_agent.ts';
import type { Gatehouse } from '../_gatehouse.ts';
import { test } from '../_one-at-a-time.ts';
import { mainText } from '../accounts/_person.ts';
import { comeBack } from '../federation/_connector.ts';
import {
  aboutToReturn,
  arrive,
  callbackUrl,
  createProvider,
  reasonsOf,
  signedInAs,
  startWith,
  subjectOf,
} from './_federation.ts';
import { sendTogether } from './_simultaneous.ts';

const alpha = createProvider('Alpha', { sub: 'at-alpha', email: 'alpha@example.org' });
const beta = createProvider('Beta', { sub: 'at-beta', email: 'beta@example.org' });
const named = createProvider('Named', {}, { authorization_response_iss_parameter_supported: true });

let gatehouse: Gatehouse;
test.before(async () => {
  gatehouse = await startWith([alpha, beta, named]);
});
test.after.always(() => gatehouse?.stop());
test.afterEach.always(() => {
  for (const { fake } of [alpha, beta]) Object.assign(fake, { faults: {}, requests: [] });
});

const lastReason = async () => (await reasonsOf(gatehouse)).at(-1);
const askedForTokens = () =>
  [alpha, beta].flatMap(({ fake }) => fake.requests).filter(({ place }) => place === 'token');

test('T-32 a callback of one connector with the state of another is refused, and neither is used up', async (t) => {
  const { agent, callback, query } = await aboutToReturn(gatehouse, alpha);
  const mixed = await agent.get(callbackUrl(gatehouse, 'beta', query));
  t.is(mixed.status, 400);
  t.is(await lastReason(), 'wrong_connector');
  t.is(askedForTokens().length, 0, 'a code was sent to the wrong upstream');
  t.is(await signedInAs(gatehouse, agent), undefined);
  const honest = await comeBack(agent, callback);
  t.regex(await subjectOf(gatehouse, honest), /^usr_/);
});

test('T-32 a code that another upstream gave out is sent to nobody but the one that was asked', async (t) => {
  const atAlpha = await aboutToReturn(gatehouse, alpha);
  const atBeta = await aboutToReturn(gatehouse, beta);
  atAlpha.query.set('code', atBeta.query.get('code') ?? '');
  const page = await atAlpha.agent.get(callbackUrl(gatehouse, 'alpha', atAlpha.query));
  t.regex(mainText(page), /Alpha did not sign you in|could not be verified/);
  t.is(beta.fake.requests.filter(({ place }) => place === 'token').length, 0);
});

for (const iss of ['https://beta.example.org', 'https://alpha.example.org/', 'null'])
  test(`RFC 9207 a callback that names the issuer "${iss}" is refused`, async (t) => {
    const { agent, query } = await aboutToReturn(gatehouse, alpha);
    query.set('iss', iss);
    const page = await agent.get(callbackUrl(gatehouse, 'alpha', query));
    t.regex(mainText(page), /The answer of Alpha could not be verified/);
    t.is(askedForTokens().length, 0);
    t.is(await lastReason(), 'invalid_answer');
    t.is(await signedInAs(gatehouse, agent), undefined);
  });

for (const iss of [undefined, ''])
  test(`RFC 9207 of an upstream that announces it, ${iss === undefined ? 'no iss' : 'an empty iss'} is refused`, async (t) => {
    const { agent, query } = await aboutToReturn(gatehouse, named);
    if (iss !== undefined) query.set('iss', iss);
    const page = await agent.get(callbackUrl(gatehouse, 'named', query));
    t.regex(mainText(page), /The answer of Named could not be verified/);
    t.is(await signedInAs(gatehouse, agent), undefined);
  });

for (const fault of [
  'missing nonce',
  'wrong nonce',
  'wrong iss',
  'unsigned',
  'foreign key',
] as const)
  test(`T-33 an ID token with this fault signs nobody in: ${fault}`, async (t) => {
    const agent = createAgent(gatehouse.issuer);
    alpha.fake.faults = { idToken: fault };
    const page = await arrive(gatehouse, alpha, agent);
    t.regex(mainText(page), /The answer of Alpha could not be verified/);
    t.is(await lastReason(), 'invalid_answer');
    t.is(await signedInAs(gatehouse, agent), undefined);
  });

const ended = (page: Page) => page.status === 400 && /ended/i.test(mainText(page));

test('a callback of another browser is refused, and the one that began it may still use it', async (t) => {
  const { agent, callback } = await aboutToReturn(gatehouse, alpha);
  const stranger = createAgent(gatehouse.issuer);
  t.true(ended(await comeBack(stranger, callback)));
  t.is(await lastReason(), 'other_browser');
  t.is(askedForTokens().length, 0);
  t.is(await signedInAs(gatehouse, stranger), undefined);
  t.regex(await subjectOf(gatehouse, await comeBack(agent, callback)), /^usr_/);
});

test('a callback works once: not again in its own browser, nor in another', async (t) => {
  const { agent, callback } = await aboutToReturn(gatehouse, alpha);
  await comeBack(agent, callback);
  const stranger = createAgent(gatehouse.issuer);
  for (const browser of [agent, stranger]) {
    t.true(ended(await comeBack(browser, callback)));
    t.is(await lastReason(), 'unknown_state');
  }
  t.is(askedForTokens().length, 1);
  t.is(await signedInAs(gatehouse, stranger), undefined);
});

test('of one callback 20 times at once, one goes to the upstream', async (t) => {
  const { agent, callback } = await aboutToReturn(gatehouse, alpha);
  const { pathname, search } = new URL(callback.url);
  const answers = await sendTogether(gatehouse.config.port, 20, {
    path: pathname + search,
    headers: { Cookie: await agent.jar.getCookieString(callback.url) },
  });
  t.is(answers.filter(({ status }) => status === 303).length, 1);
  t.is(askedForTokens().length, 1);
});

test('a callback that was refused is used up: what failed is not tried again with another code', async (t) => {
  const { agent, query, callback } = await aboutToReturn(gatehouse, alpha);
  await agent.get(
    callbackUrl(gatehouse, 'alpha', { error: 'access_denied', state: query.get('state') ?? '' }),
  );
  t.true(ended(await comeBack(agent, callback)));
});

const swapStates = async (first: Agent, second: Agent) => {
  const one = await aboutToReturn(gatehouse, alpha, first);
  const two = await aboutToReturn(gatehouse, alpha, second);
  const [state, other] = [one.query.get('state') ?? '', two.query.get('state') ?? ''];
  one.query.set('state', other);
  two.query.set('state', state);
  return [
    await first.get(callbackUrl(gatehouse, 'alpha', one.query)),
    await second.get(callbackUrl(gatehouse, 'alpha', two.query)),
  ];
};

test('swapped states of two tabs sign nobody in', async (t) => {
  const agent = createAgent(gatehouse.issuer);
  for (const page of await swapStates(agent, agent)) t.is(page.headers.get('Location'), null);
  t.is(await signedInAs(gatehouse, agent), undefined);
});

test('swapped states of two browsers sign nobody in, and reach no upstream', async (t) => {
  const [one, two] = [createAgent(gatehouse.issuer), createAgent(gatehouse.issuer)];
  for (const page of await swapStates(one, two)) t.true(ended(page));
  t.is(askedForTokens().length, 0);
  for (const agent of [one, two]) t.is(await signedInAs(gatehouse, agent), undefined);
});
