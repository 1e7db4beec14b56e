// T-38, T-55, T-62: a page of one interaction does nothing to another, nor in another browser.
import test from 'ava';
import { type Agent, createAgent, type Page } from '../_agent.ts';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { authorization, enterPassword, obtainCode } from './_flow.ts';

let gatehouse: Gatehouse;
test.before(async () => {
  gatehouse = await startGatehouse();
});
test.after.always(() => gatehouse?.stop());

const csrfOf = (page: Page) =>
  page.html.querySelector('input[name=csrf]')?.getAttribute('value') ?? '';

const send = (agent: Agent, url: string, fields: Record<string, string>) =>
  agent.request(url, { method: 'POST', body: new URLSearchParams(fields) });

const credentials = (person = 0) => {
  const { email = '', password = '' } = gatehouse.accounts[person] ?? {};
  return { email, password };
};

/** Asserts that an answer refuses: no redirect, no cookie that is set to something. */
const isRefused = ({ status, headers }: Response) =>
  (status === 400 || status === 403) &&
  headers.get('Location') === null &&
  headers.getSetCookie().every((cookie) => /=;/.test(cookie));

test('T-62 the token of one tab is worth nothing in another', async (t) => {
  const agent = createAgent(gatehouse.issuer);
  const one = await agent.get(authorization(gatehouse, 'web').url);
  const two = await agent.get(authorization(gatehouse, 'third-party').url);
  t.not(csrfOf(one), csrfOf(two));
  t.true(
    isRefused(await send(agent, `${two.url}/sign-in`, { csrf: csrfOf(one), ...credentials() })),
  );
  t.true(
    isRefused(await send(agent, `${one.url}/sign-in`, { csrf: csrfOf(two), ...credentials() })),
  );
  t.true(isRefused(await send(agent, `${two.url}/cancel`, { csrf: csrfOf(one) })));
  const done = await enterPassword(gatehouse, agent, one);
  t.truthy(new URL(done.headers.get('Location') ?? '').searchParams.get('code'));
});

test('T-62 the consent of one tab does not approve the client of another', async (t) => {
  const agent = createAgent(gatehouse.issuer);
  const signIn = await agent.get(authorization(gatehouse, 'third-party').url);
  const consent = await enterPassword(gatehouse, agent, signIn);
  const native = await agent.get(authorization(gatehouse, 'native').url);
  t.true(native.text.includes('Orders for desktop'));
  const mixed = { csrf: csrfOf(consent), choice: 'allow' };
  t.true(isRefused(await send(agent, `${native.url}/consent`, mixed)));
  const swapped = { csrf: csrfOf(native), choice: 'allow' };
  t.true(isRefused(await send(agent, `${consent.url}/consent`, swapped)));
  const rows = await gatehouse.db
    .knex('consents')
    .where({ client_id: gatehouse.client('native').client_id });
  t.deepEqual(rows, []);
});

test('T-38 a link to an interaction is worth nothing in another browser', async (t) => {
  const attacker = createAgent(gatehouse.issuer);
  const theirs = await attacker.get(authorization(gatehouse, 'web').url);
  const victim = createAgent(gatehouse.issuer);
  const opened = await victim.get(theirs.url);
  t.is(opened.status, 400);
  t.false(opened.text.includes('name="password"'));
  const fields = { csrf: csrfOf(theirs), ...credentials(1) };
  t.true(isRefused(await send(victim, `${theirs.url}/sign-in`, fields)));
  const resume = theirs.url.replace('/interaction/', '/authorize/');
  t.is((await victim.get(resume)).status, 400);
  const somebody = (await obtainCode(gatehouse, 'web', { person: 1 })).agent;
  t.is((await somebody.get(theirs.url)).status, 400);
  t.is((await somebody.get(resume)).status, 400);
});

test('T-38 the cookie of one interaction opens no other', async (t) => {
  const agent = createAgent(gatehouse.issuer);
  const one = await agent.get(authorization(gatehouse, 'web').url);
  const two = await createAgent(gatehouse.issuer).get(authorization(gatehouse, 'web').url);
  const Cookie = await agent.jar.getCookieString(one.url);
  t.regex(Cookie, /gatehouse_interaction=/);
  const page = await fetch(two.url, { headers: { Cookie } });
  t.is(page.status, 400);
  for (const csrf of [csrfOf(one), csrfOf(two)]) {
    const body = new URLSearchParams({ csrf, ...credentials() });
    const answer = await fetch(`${two.url}/sign-in`, {
      method: 'POST',
      body,
      headers: { Cookie },
      redirect: 'manual',
    });
    t.true(isRefused(answer));
  }
});

test('T-38 the attacker cannot collect what the victim finished in the attacker’s interaction', async (t) => {
  const attacker = createAgent(gatehouse.issuer);
  const page = await attacker.get(authorization(gatehouse, 'web').url);
  // The victim's browser was given the attacker's cookies by a neighbour host.
  const victim = createAgent(gatehouse.issuer);
  const resume = page.url.replace('/interaction/', '/authorize/');
  for (const url of [page.url, resume])
    for (const cookie of await attacker.jar.getCookies(url))
      await victim.jar.setCookie(cookie, url);
  const done = await enterPassword(gatehouse, victim, page, 1);
  t.truthy(new URL(done.headers.get('Location') ?? '').searchParams.get('code'));
  const late = await attacker.get(resume);
  t.is(late.status, 400);
  const none = await attacker.request(authorization(gatehouse, 'web', { prompt: 'none' }).url);
  t.regex(none.headers.get('Location') ?? '', /login_required/);
});

test('T-38 an interaction of one person cannot be finished in the session of another', async (t) => {
  const one = (await obtainCode(gatehouse, 'web', { person: 0 })).agent;
  const consent = await one.get(authorization(gatehouse, 'third-party', { prompt: 'consent' }).url);
  t.is(consent.status, 200);
  // The same browser, afterwards with the session of another person.
  const two = (await obtainCode(gatehouse, 'web', { person: 1 })).agent;
  for (const cookie of await two.jar.getCookies(gatehouse.issuer))
    await one.jar.setCookie(cookie, gatehouse.issuer);
  const given = await send(one, `${consent.url}/consent`, {
    csrf: csrfOf(consent),
    choice: 'allow',
  });
  const resumed = given.headers.get('Location');
  const end = resumed ? await one.get(new URL(resumed, gatehouse.issuer).href) : undefined;
  t.false(end?.headers.get('Location')?.includes('code=') ?? false);
});

test('T-38 an ended session ends the interactions that it began', async (t) => {
  const { agent } = await obtainCode(gatehouse, 'web');
  const consent = await agent.get(
    authorization(gatehouse, 'third-party', { prompt: 'consent' }).url,
  );
  t.true(consent.text.includes('value="allow"'));
  const page = await agent.get(`${gatehouse.issuer}/logout`);
  await agent.submit(page, 'Sign out');
  t.true(
    isRefused(
      await send(agent, `${consent.url}/consent`, { csrf: csrfOf(consent), choice: 'allow' }),
    ),
  );
});

test('T-38 a finished interaction is over, for every button of it', async (t) => {
  const agent = createAgent(gatehouse.issuer);
  const page = await agent.get(authorization(gatehouse, 'web').url);
  await enterPassword(gatehouse, agent, page);
  for (const step of ['sign-in', 'cancel', 'consent', 'account']) {
    const fields = { csrf: csrfOf(page), choice: 'allow', ...credentials() };
    t.true(isRefused(await send(agent, `${page.url}/${step}`, fields)), step);
  }
});

test('T-39 a step that is not due is refused: consent before sign-in, choice before a session', async (t) => {
  const agent = createAgent(gatehouse.issuer);
  const page = await agent.get(authorization(gatehouse, 'third-party').url);
  const csrf = csrfOf(page);
  t.true(isRefused(await send(agent, `${page.url}/consent`, { csrf, choice: 'allow' })));
  t.true(isRefused(await send(agent, `${page.url}/account`, { csrf, choice: 'continue' })));
  const resumed = await agent.get(page.url.replace('/interaction/', '/authorize/'));
  t.true(resumed.text.includes('name="password"'), 'still at the sign-in page');

  const signedIn = (await obtainCode(gatehouse, 'web')).agent;
  const again = await signedIn.get(
    authorization(gatehouse, 'third-party', { prompt: 'login' }).url,
  );
  t.true(again.text.includes('name="password"'));
  const skipped = await send(signedIn, `${again.url}/consent`, {
    csrf: csrfOf(again),
    choice: 'allow',
  });
  t.true(isRefused(skipped));
  const account = await send(signedIn, `${again.url}/account`, {
    csrf: csrfOf(again),
    choice: 'continue',
  });
  t.true(isRefused(account));
});

test('T-61 what is added to a resume or to an interaction’s URL changes nothing', async (t) => {
  const agent = createAgent(gatehouse.issuer);
  const page = await agent.get(authorization(gatehouse, 'web').url);
  const done = await send(agent, `${page.url}/sign-in?client_id=x`, {
    csrf: csrfOf(page),
    ...credentials(),
  });
  const resume = new URL(done.headers.get('Location') ?? '', gatehouse.issuer).href;
  const evil =
    '?redirect_uri=https%3A%2F%2Fevil.test&client_id=x&scope=orders.write&response_type=token';
  const answer = await agent.request(resume + evil);
  const location = answer.headers.get('Location') ?? '';
  t.true(location.startsWith(`${gatehouse.portalUrl}/callback?code=`), location);
  t.false(location.includes('evil'));
});
