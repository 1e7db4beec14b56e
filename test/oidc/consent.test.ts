// Consent: who is asked, what the page says, what is remembered, and whose form it is.
import { type Agent, createAgent, type Page } from '../_agent.ts';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { test } from '../_one-at-a-time.ts';
import {
  addAccount,
  addClient,
  assertRefusedByRedirect,
  authorizeUrl,
  type Credentials,
  callback,
  encode,
  hasButton,
  type Params,
  proceed,
  type TestClient,
} from '../_protocol.ts';

let gatehouse: Gatehouse;
test.before(async () => {
  gatehouse = await startGatehouse();
});
test.after.always(() => gatehouse?.stop());

const SCOPES = { scope: 'openid profile email orders.read' };
const thirdParty = () => gatehouse.client('third-party');
const asksConsent = (page: Page) => page.status === 200 && hasButton(page, 'Allow');

/** Visits as somebody who is not signed in, signs in, and stops at the page that follows. */
async function signInTo(
  client: TestClient,
  params: Params,
  account: Credentials,
): Promise<{ agent: Agent; page: Page }> {
  const agent = createAgent(gatehouse.issuer);
  const start = await agent.get(authorizeUrl(gatehouse, client, params));
  const { email, password } = account;
  return { agent, page: await agent.submit(start, 'Sign in', { email, password }) };
}

test('a third-party client asks, in words, and says where the person is sent', async (t) => {
  const account = await addAccount(gatehouse);
  const scope = 'openid profile email offline_access orders.read orders.write';
  const { page } = await signInTo(thirdParty(), { scope }, account);
  t.true(asksConsent(page), page.text);
  const text = page.html.querySelector('main')?.textContent.replace(/\s+/g, ' ') ?? '';
  for (const words of [
    'Fabrikam Shipping asks for access',
    'Tess Nilsen',
    account.email,
    'See your name',
    'See your e-mail address',
    'Orders Production',
    'See orders orders.read',
    'Place and change orders orders.write',
    'Keep this access after you leave',
    'go back to 127.0.0.1:9',
  ])
    t.true(text.includes(words), `"${words}" in: ${text}`);
});

test('the page shows only what is asked for', async (t) => {
  const { page } = await signInTo(thirdParty(), { scope: 'openid' }, await addAccount(gatehouse));
  t.true(asksConsent(page));
  t.notRegex(page.text, /orders\.read|See your e-mail|after you leave/);
});

test('allowing sends a code with the state', async (t) => {
  const params = { ...SCOPES, state: 'kept' };
  const { agent, page } = await signInTo(thirdParty(), params, await addAccount(gatehouse));
  const { uri, params: given } = callback(await agent.submit(page, 'Allow'));
  t.is(uri, thirdParty().redirect_uris[0]);
  t.truthy(given.get('code'));
  t.is(given.get('state'), 'kept');
});

test('denying is told to the client, and is not remembered', async (t) => {
  const account = await addAccount(gatehouse);
  const params = { ...SCOPES, state: 'kept' };
  const { agent, page } = await signInTo(thirdParty(), params, account);
  assertRefusedByRedirect(t, await agent.submit(page, 'Deny'), {
    issuer: gatehouse.issuer,
    uri: thirdParty().redirect_uris[0] ?? '',
    error: 'access_denied',
    description: /cancelled/,
    state: 'kept',
  });
  t.true(asksConsent(await agent.get(authorizeUrl(gatehouse, thirdParty(), SCOPES))));
});

test('cancelling the sign-in is told to the client, too', async (t) => {
  const agent = createAgent(gatehouse.issuer);
  const page = await agent.get(authorizeUrl(gatehouse, thirdParty(), { state: 'kept' }));
  assertRefusedByRedirect(t, await agent.submit(page, 'Cancel'), {
    issuer: gatehouse.issuer,
    uri: thirdParty().redirect_uris[0] ?? '',
    error: 'access_denied',
    description: /cancelled/,
    state: 'kept',
  });
});

test('a consent is remembered for the account, in every browser and for less', async (t) => {
  const account = await addAccount(gatehouse);
  const first = await signInTo(thirdParty(), SCOPES, account);
  await first.agent.submit(first.page, 'Allow');
  for (const scope of [SCOPES.scope, 'openid orders.read', 'openid']) {
    const { page } = await signInTo(thirdParty(), { scope }, account);
    t.truthy(callback(page).params.get('code'), scope);
  }
  const other = await signInTo(thirdParty(), SCOPES, await addAccount(gatehouse));
  t.true(asksConsent(other.page));
});

for (const more of ['orders.write', 'offline_access', 'roles']) {
  test(`a request that adds ${more} to what was allowed is asked again`, async (t) => {
    const account = await addAccount(gatehouse);
    const { agent, page } = await signInTo(thirdParty(), SCOPES, account);
    await agent.submit(page, 'Allow');
    const url = authorizeUrl(gatehouse, thirdParty(), { scope: `${SCOPES.scope} ${more}` });
    const again = await agent.get(url);
    t.true(asksConsent(again));
    t.truthy(callback(await agent.submit(again, 'Allow')).params.get('code'));
    t.truthy(callback(await agent.get(url)).params.get('code'));
  });
}

test('prompt=consent asks every time, a first-party client included', async (t) => {
  const account = await addAccount(gatehouse);
  for (const client of [thirdParty(), gatehouse.client('web')]) {
    const params = { ...SCOPES, prompt: 'consent' };
    const { agent, page } = await signInTo(client, params, account);
    t.true(asksConsent(page));
    t.truthy(callback(await agent.submit(page, 'Allow')).params.get('code'));
    t.true(asksConsent(await agent.get(authorizeUrl(gatehouse, client, params))));
  }
});

test('a native client asks every time: another program could take its place', async (t) => {
  const account = await addAccount(gatehouse);
  const native = gatehouse.client('native');
  const { agent, page } = await signInTo(native, SCOPES, account);
  t.true(asksConsent(page));
  t.regex(page.text, /application on this device/);
  t.truthy(callback(await agent.submit(page, 'Allow')).params.get('code'));
  t.true(asksConsent(await agent.get(authorizeUrl(gatehouse, native, SCOPES))));
});

test('a private-use scheme is shown as what the person is sent to', async (t) => {
  const params = { ...SCOPES, redirect_uri: 'com.example.orders:/callback' };
  const { page } = await signInTo(gatehouse.client('native'), params, await addAccount(gatehouse));
  t.is(page.html.querySelector('.host')?.textContent, 'com.example.orders');
});

test('a first-party client never asks', async (t) => {
  const account = await addAccount(gatehouse);
  for (const kind of ['web', 'spa', 'console']) {
    const scope = 'openid profile email orders.read orders.write offline_access';
    const { page } = await signInTo(gatehouse.client(kind), { scope }, account);
    t.truthy(callback(page).params.get('code'), kind);
  }
});

test('the name of a client cannot write into the page', async (t) => {
  const client = await addClient(gatehouse, {
    kind: 'web',
    name: '<img src=x onerror=alert(1)>"&',
    firstParty: false,
    redirectUris: [{ uri: 'https://rp.example.com/callback', type: 'web' }],
  });
  const { page } = await signInTo(client, {}, await addAccount(gatehouse));
  t.true(asksConsent(page));
  t.is(page.html.querySelector('main img'), null);
  t.true(page.text.includes('&lt;img src=x onerror=alert(1)&gt;'));
});

test('a person can take another account at the consent page', async (t) => {
  const other = await addAccount(gatehouse);
  const { agent, page } = await signInTo(thirdParty(), SCOPES, await addAccount(gatehouse));
  const signIn = await agent.submit(page, 'Use another account');
  t.true(hasButton(signIn, 'Sign in'));
  const { email, password } = other;
  let next = await agent.submit(signIn, 'Sign in', { email, password });
  if (hasButton(next, 'Continue')) next = await agent.submit(next, 'Continue');
  t.true(asksConsent(next), next.text);
  t.true(next.text.includes(email));
  t.truthy(callback(await agent.submit(next, 'Allow')).params.get('code'));
});

test('the form of one interaction cannot approve another, nor can a form without its token', async (t) => {
  const account = await addAccount(gatehouse);
  const { agent, page: mine } = await signInTo(thirdParty(), SCOPES, account);
  const native = gatehouse.client('native');
  const theirs = await agent.get(authorizeUrl(gatehouse, native, SCOPES));
  t.true(asksConsent(theirs));
  const action = (page: Page) => `${page.url.replace(/\?.*/, '')}/consent`;
  const csrf = mine.html.querySelector('input[name=csrf]')?.getAttribute('value') ?? '';
  for (const fields of [
    { choice: 'allow' },
    { choice: 'allow', csrf: '' },
    { choice: 'allow', csrf },
  ]) {
    const answer = await agent.request(action(theirs), { method: 'POST', body: encode(fields) });
    t.is(answer.status, 403);
    t.false(answer.headers.has('Location'));
  }
});

test('a form that comes from another site is refused', async (t) => {
  const { agent, page } = await signInTo(thirdParty(), SCOPES, await addAccount(gatehouse));
  const csrf = page.html.querySelector('input[name=csrf]')?.getAttribute('value') ?? '';
  const answer = await agent.request(`${page.url}/consent`, {
    method: 'POST',
    body: encode({ choice: 'allow', csrf }),
    headers: { 'Sec-Fetch-Site': 'cross-site' },
  });
  t.is(answer.status, 403);
});

test("another browser cannot open or finish somebody's interaction", async (t) => {
  const { agent, page } = await signInTo(thirdParty(), SCOPES, await addAccount(gatehouse));
  const stranger = createAgent(gatehouse.issuer);
  const seen = await stranger.get(page.url);
  t.is(seen.status, 400);
  t.regex(seen.text, /This sign-in has ended/);
  const csrf = page.html.querySelector('input[name=csrf]')?.getAttribute('value') ?? '';
  const body = encode({ choice: 'allow', csrf });
  const answer = await stranger.request(`${page.url}/consent`, { method: 'POST', body });
  t.is(answer.status, 400);
  t.truthy(callback(await proceed(gatehouse, agent, page)).params.get('code'));
});

test('the consent of a finished interaction cannot be given twice', async (t) => {
  const { agent, page } = await signInTo(thirdParty(), SCOPES, await addAccount(gatehouse));
  t.truthy(callback(await agent.submit(page, 'Allow')).params.get('code'));
  const again = await agent.submit(page, 'Allow');
  t.is(again.status, 400);
  t.regex(again.text, /This sign-in has ended/);
});
