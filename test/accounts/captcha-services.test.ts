// The services that check for robots: what they say must be for us, and without their word nobody passes.
import type { Page } from '../_agent.ts';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { test } from '../_one-at-a-time.ts';
import { authorizeUrl, proceed } from '../_protocol.ts';
import { isAccepted, problemOf, visit } from './_captcha-forms.ts';
import { type Siteverify, startSiteverify, tokenFor, tokenThatSays } from './_siteverify.ts';

const FIELD = 'cf-turnstile-response';
const GOOD = { success: true, hostname: '127.0.0.1', action: 'sign_up' };

let siteverify: Siteverify;
let gatehouse: Gatehouse;
test.before(async () => {
  siteverify = await startSiteverify();
  const keys = { siteKey: 'the-site', secret: 'the-secret' };
  gatehouse = await startGatehouse({
    captcha: { kinds: ['turnstile'], ...keys, verifyUrl: siteverify.url },
  });
});
test.after.always(async () => {
  siteverify?.stop();
  await gatehouse?.stop();
});

let scoring: Gatehouse;
test.before(async () => {
  const keys = { siteKey: 'the-site', secret: 'the-secret', minScore: 0.7 };
  scoring = await startGatehouse({
    captcha: { kinds: ['recaptcha'], ...keys, verifyUrl: siteverify.url },
  });
});
test.after.always(() => scoring?.stop());

async function signUp(token: string): Promise<Page> {
  const { open, send } = await visit(gatehouse);
  return send(await open('sign-up'), 'sign-up', { [FIELD]: token });
}

test('the service is asked with the secret, the token and where the person comes from', async (t) => {
  const token = tokenFor(GOOD);
  t.true(isAccepted(await signUp(token)));
  t.deepEqual(siteverify.asked.at(-1), {
    secret: 'the-secret',
    response: token,
    remoteip: '127.0.0.1',
  });
});

for (const [what, members] of Object.entries({
  'for another host': { ...GOOD, hostname: 'elsewhere.example' },
  'for no host': { success: true, action: 'sign_up' },
  'for another action': { ...GOOD, action: 'reset' },
  'for no action': { success: true, hostname: '127.0.0.1' },
}))
  test(`a success ${what} is refused`, async (t) => {
    const page = await signUp(tokenFor(members));
    t.is(page.status, 400);
    t.regex(problemOf(page) ?? '', /^The check was not passed/);
  });

for (const [what, said] of Object.entries({
  'answers 502': { status: 502, body: JSON.stringify(GOOD) },
  'answers in HTML': { body: '<!doctype html><title>We will be back</title>' },
  'says "true" in quotes': { body: JSON.stringify({ ...GOOD, success: 'true' }) },
  'says nothing': { body: '' },
  'does not know our secret': {
    body: JSON.stringify({ success: false, 'error-codes': ['invalid-input-secret'] }),
  },
}))
  test(`nobody passes when the service ${what}; the form says so and the log says why`, async (t) => {
    const logged = gatehouse.log.length;
    const page = await signUp(tokenThatSays(said));
    t.is(page.status, 400);
    t.regex(problemOf(page) ?? '', /cannot be reached. Please try again in a minute/);
    const lines = gatehouse.log.slice(logged).join('');
    t.regex(lines, /the CAPTCHA service failed/);
    t.notRegex(lines, /the-secret/);
  });

test('a service that hangs is given up after five seconds, and holds up nobody else', async (t) => {
  const token = tokenThatSays({ hangs: true });
  // More than there are database connections.
  const waiting = Array.from({ length: 30 }, () => signUp(token));
  const asked = siteverify.asked.length;
  let ended = false;
  void Promise.race(waiting).then(() => {
    ended = true;
  });
  while (!ended && siteverify.asked.length < asked + 30) await new Promise(setImmediate);
  t.false(ended, 'all of them wait for the service at once');
  const { agent } = await visit(gatehouse);
  const start = await agent.get(authorizeUrl(gatehouse, gatehouse.client('web')));
  const back = await proceed(gatehouse, agent, start);
  t.regex(back.headers.get('Location') ?? '', /code=/, 'signing in goes on meanwhile');
  for (const page of await Promise.all(waiting))
    t.regex(problemOf(page) ?? '', /cannot be reached/, page.text);
});

test('the page allows the script and frame of the service; other pages do not', async (t) => {
  const { agent, open } = await visit(gatehouse);
  const policy = (page: Page) => page.headers.get('Content-Security-Policy') ?? '';
  const form = await open('sign-up');
  t.regex(policy(form), /script-src 'self' https:\/\/challenges\.cloudflare\.com;/);
  t.regex(policy(form), /frame-src https:\/\/challenges\.cloudflare\.com;/);
  const script = form.html.querySelector('script[async]')?.getAttribute('src');
  t.is(script, 'https://challenges.cloudflare.com/turnstile/v0/api.js');
  const widget = form.html.querySelector('.cf-turnstile');
  t.is(widget?.getAttribute('data-sitekey'), 'the-site');
  t.notRegex(form.text, /the-secret/);
  const signIn = await agent.get(authorizeUrl(gatehouse, gatehouse.client('web')));
  t.notRegex(policy(signIn), /cloudflare|frame-src/);
});

for (const [what, members, accepted] of [
  ['above the least one', { ...GOOD, score: 0.9 }, true],
  ['below the least one', { ...GOOD, score: 0.6 }, false],
  ['in quotes', { ...GOOD, score: '0.9' }, false],
  ['for another action', { ...GOOD, action: 'reset', score: 0.9 }, false],
  ['that is missing', GOOD, false],
] as const)
  test(`a score ${what} is ${accepted ? 'accepted' : 'refused'}`, async (t) => {
    const { open, send } = await visit(scoring);
    const answer = { 'g-recaptcha-response': tokenFor(members) };
    t.is(isAccepted(await send(await open('sign-up'), 'sign-up', answer)), accepted);
  });
