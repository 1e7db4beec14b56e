// OpenID Connect RP-Initiated Logout 1.0.
import { SignJWT } from 'jose';
import { type Agent, createAgent, type Page } from '../_agent.ts';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { test } from '../_one-at-a-time.ts';
import {
  authorizeUrl,
  callback,
  encode,
  hasButton,
  type Params,
  refresh,
  send,
  signInFor,
} from '../_protocol.ts';

let gatehouse: Gatehouse;
test.before(async () => {
  gatehouse = await startGatehouse();
});
test.after.always(() => gatehouse?.stop());

const web = () => gatehouse.client('web');
const afterwards = () => web().post_logout_redirect_uris[0] ?? '';
const logoutUrl = (params: Params) => `${gatehouse.issuer}/logout?${encode(params)}`;

async function signedIn(scope = 'openid') {
  const agent = createAgent(gatehouse.issuer);
  const tokens = await signInFor(gatehouse, web(), { scope }, { agent });
  return { agent, tokens, idToken: String(tokens['id_token']) };
}

async function isSignedIn(agent: Agent): Promise<boolean> {
  const page = await agent.get(authorizeUrl(gatehouse, web(), { prompt: 'none' }));
  return callback(page).params.has('code');
}

/** The page shows that the session is over, and nobody is sent anywhere. */
function isSignedOutPage(page: Page): boolean {
  return page.status === 200 && !page.headers.has('Location') && /are signed out/.test(page.text);
}

test('with the ID token, a registered URI and a state: one question, then back to the client', async (t) => {
  const { agent, idToken } = await signedIn();
  const state = `${'s'.repeat(124)}-._~`;
  const url = logoutUrl({
    id_token_hint: idToken,
    post_logout_redirect_uri: afterwards(),
    state,
  });
  const page = await agent.get(url);
  t.is(page.status, 200);
  t.regex(page.text, /Contoso developer portal/);
  t.true(await isSignedIn(agent), 'asking is not signing out');
  const back = await agent.submit(await agent.get(url), 'Sign out');
  t.is(callback(back).uri, afterwards());
  t.deepEqual([...callback(back).params], [['state', state]]);
  t.false(await isSignedIn(agent));
});

test('without a state none comes back', async (t) => {
  const { agent, idToken } = await signedIn();
  const params = { id_token_hint: idToken, post_logout_redirect_uri: afterwards() };
  const back = await agent.submit(await agent.get(logoutUrl(params)), 'Sign out');
  t.is(back.headers.get('Location'), afterwards());
  t.false(await isSignedIn(agent));
});

const nowhere: Record<string, (idToken: string) => Params> = {
  'no parameters': () => ({}),
  'a state only': () => ({ state: 'kept' }),
  'the ID token only': (idToken) => ({ id_token_hint: idToken, state: 'kept' }),
  'a registered URI but no ID token': () => ({
    post_logout_redirect_uri: 'http://127.0.0.1:9/',
    state: 'kept',
  }),
  'a foreign URI and no ID token': () => ({
    post_logout_redirect_uri: 'https://evil.example/',
  }),
};
for (const [title, params] of Object.entries(nowhere)) {
  test(`with ${title} the person is signed out and stays here`, async (t) => {
    const { agent, idToken } = await signedIn();
    const page = await agent.get(logoutUrl(params(idToken)));
    t.is(page.status, 200);
    t.true(isSignedOutPage(await agent.submit(page, 'Sign out')));
    t.false(await isSignedIn(agent));
  });
}

const badUris: Record<string, string> = {
  'that is not registered': 'http://127.0.0.1:9/bad_post_logout_redirect_uri',
  'with a query added': 'http://127.0.0.1:9/?foo=bar',
  'of another host': 'https://evil.example/',
  'in another letter case': 'HTTP://127.0.0.1:9/',
};
for (const [title, uri] of Object.entries(badUris)) {
  test(`a URI ${title} is refused on a page, and the session stays`, async (t) => {
    const { agent, idToken } = await signedIn();
    const url = logoutUrl({ id_token_hint: idToken, post_logout_redirect_uri: uri });
    const page = await agent.get(url);
    t.is(page.status, 400);
    t.false(page.headers.has('Location'));
    const json = await send(url);
    t.is(json.body['error'], 'invalid_request');
    t.regex(String(json.body['error_description']), /post_logout_redirect_uri not registered/);
    t.true(await isSignedIn(agent));
    t.regex(page.text, /post_logout_redirect_uri not registered/);
  });
}

const badHints: Record<string, (idToken: string) => Promise<string>> = {
  'that nobody signed': async (idToken) => {
    const header = Buffer.from('{"alg":"none"}').toString('base64url');
    return `${header}.${idToken.split('.')[1]}.`;
  },
  'with another signature': async (idToken) => {
    const [header, payload, signature = ''] = idToken.split('.');
    return `${header}.${payload}.${signature.split('').reverse().join('')}`;
  },
  'that the client made itself': async () =>
    new SignJWT({ sub: 'SubjectID' })
      .setProtectedHeader({ alg: 'HS256' })
      .setIssuer(web().client_id)
      .setAudience(gatehouse.issuer)
      .setExpirationTime('5m')
      .sign(new TextEncoder().encode(web().client_secret)),
  'that is no token': async () => 'nonsense',
};
for (const [title, forge] of Object.entries(badHints)) {
  test(`an ID token ${title} is refused on a page, and the session stays`, async (t) => {
    const { agent, idToken } = await signedIn();
    const page = await agent.get(
      logoutUrl({
        id_token_hint: await forge(idToken),
        post_logout_redirect_uri: afterwards(),
        state: 'kept',
      }),
    );
    t.is(page.status, 400);
    t.false(page.headers.has('Location'));
    t.regex(page.text, /id_token_hint/);
    t.true(await isSignedIn(agent));
  });
}

test('"Stay signed in" keeps the session', async (t) => {
  const { agent, idToken } = await signedIn();
  for (const params of [{}, { id_token_hint: idToken, post_logout_redirect_uri: afterwards() }]) {
    const page = await agent.get(logoutUrl(params));
    t.true(hasButton(page, 'Stay signed in'));
    await agent.submit(page, 'Stay signed in');
    t.true(await isSignedIn(agent));
  }
});

test('the confirmation needs the token of its page', async (t) => {
  const { agent, idToken } = await signedIn();
  const page = await agent.get(logoutUrl({ id_token_hint: idToken }));
  const action = page.html.querySelector('form')?.getAttribute('action') ?? '';
  for (const xsrf of ['', 'made-up']) {
    const body = encode({ xsrf, logout: 'yes' });
    const answer = await agent.request(action, { method: 'POST', body });
    t.is(answer.status, 400);
  }
  t.true(await isSignedIn(agent));
});

test('the session ends its own tokens, and offline access outlives it', async (t) => {
  const { agent, tokens } = await signedIn('openid');
  const offline = await signedIn('openid offline_access');
  const userinfo = (token: unknown) =>
    send(`${gatehouse.issuer}/userinfo`, { headers: { Authorization: `Bearer ${token}` } });
  for (const browser of [agent, offline.agent])
    await browser.submit(await browser.get(logoutUrl({})), 'Sign out');
  t.is((await userinfo(tokens['access_token'])).status, 401);
  const renewed = await refresh(gatehouse, web(), offline.tokens['refresh_token']);
  t.is(renewed.status, 200, renewed.text);
});

test('who is not signed in can sign out, without JavaScript, too', async (t) => {
  const { idToken } = await signedIn();
  const stranger = createAgent(gatehouse.issuer);
  const page = await stranger.get(
    logoutUrl({ id_token_hint: idToken, post_logout_redirect_uri: afterwards(), state: 'kept' }),
  );
  t.is(page.status, 200);
  const back = await stranger.submit(page, 'Continue');
  t.is(callback(back).uri, afterwards());
  t.is(callback(back).params.get('state'), 'kept');
});

test('the end of one browser session leaves the others', async (t) => {
  const [one, other] = [await signedIn(), await signedIn()];
  await one.agent.submit(await one.agent.get(logoutUrl({})), 'Sign out');
  t.false(await isSignedIn(one.agent));
  t.true(await isSignedIn(other.agent));
});

test('a logout request may come by POST', async (t) => {
  const { agent, idToken } = await signedIn();
  const body = encode({ id_token_hint: idToken, post_logout_redirect_uri: afterwards() });
  const answer = await agent.request(`${gatehouse.issuer}/logout`, { method: 'POST', body });
  t.is(answer.status, 303);
  const target = new URL(answer.headers.get('Location') ?? '', gatehouse.issuer);
  t.is(target.origin, gatehouse.issuer);
  const back = await agent.submit(await agent.get(target.href), 'Sign out');
  t.is(callback(back).uri, afterwards());
  t.false(await isSignedIn(agent));
});

test('the ID token of another account signs nobody out without a question', async (t) => {
  const { agent } = await signedIn();
  const [, other] = gatehouse.accounts;
  const foreign = await signInFor(gatehouse, web(), {}, other ? { account: other } : {});
  const hint = String(foreign['id_token']);
  const page = await agent.get(
    logoutUrl({ id_token_hint: hint, post_logout_redirect_uri: afterwards() }),
  );
  t.true(page.status === 400 || hasButton(page, 'Sign out'));
  t.true(await isSignedIn(agent));
});
