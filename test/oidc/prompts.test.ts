// OpenID Connect Core section 3.1.2.1: prompt, max_age and the hints, and our select_account and create.
import { decodeJwt } from 'jose';
import { setAccountState } from '../../src/storage/accounts.ts';
import { type Agent, createAgent, type Page } from '../_agent.ts';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { test } from '../_one-at-a-time.ts';
import {
  addAccount,
  ageSession,
  assertRefusedByRedirect,
  authorizeUrl,
  type Credentials,
  callback,
  hasButton,
  type Params,
  proceed,
  redeem,
  signInFor,
} from '../_protocol.ts';

let gatehouse: Gatehouse;
test.before(async () => {
  gatehouse = await startGatehouse();
});
test.after.always(() => gatehouse?.stop());

const web = () => gatehouse.client('web');
const visit = (agent: Agent, params: Params = {}, kind = 'web') =>
  agent.get(authorizeUrl(gatehouse, gatehouse.client(kind), params));
const emailOn = (page: Page) => page.html.querySelector('input[name=email]')?.getAttribute('value');

/** A browser with a session that is a hundred seconds old, and the ID token of its sign-in. */
async function signedIn(account?: Credentials) {
  const agent = createAgent(gatehouse.issuer);
  const browser = account ? { agent, account } : { agent };
  const tokens = await signInFor(gatehouse, web(), { max_age: '86400' }, browser);
  await ageSession(gatehouse, agent, 100);
  const idToken = String(tokens['id_token']);
  return { agent, idToken, claims: decodeJwt(idToken) };
}

async function claimsOf(page: Page) {
  const { body, text } = await redeem(gatehouse, web(), callback(page).params.get('code') ?? '');
  if (!body['id_token']) throw new Error(text);
  return decodeJwt(String(body['id_token']));
}

const refusal = (error: string, description: RegExp, state?: string) => ({
  issuer: gatehouse.issuer,
  uri: web().redirect_uris[0] ?? '',
  error,
  description,
  ...(state === undefined ? {} : { state }),
});

test('prompt=none of a stranger is refused with the state untouched', async (t) => {
  const state = `${'s'.repeat(124)}-._~`;
  const page = await visit(createAgent(gatehouse.issuer), { prompt: 'none', state });
  assertRefusedByRedirect(t, page, refusal('login_required', /sign|log|authenticat/i, state));
});

test('prompt=none of somebody signed in is silent and speaks of the same sign-in', async (t) => {
  const { agent, claims } = await signedIn();
  const page = await visit(agent, { prompt: 'none', max_age: '86400' });
  const again = await claimsOf(page);
  t.is(again.sub, claims.sub);
  t.is(again['auth_time'], Number(claims['auth_time']) - 100);
});

test('prompt=none is refused where consent would be asked', async (t) => {
  const { agent } = await signedIn(await addAccount(gatehouse));
  const page = await visit(agent, { prompt: 'none' }, 'third-party');
  assertRefusedByRedirect(t, page, {
    ...refusal('consent_required', /consent|not granted/),
    uri: gatehouse.client('third-party').redirect_uris[0] ?? '',
  });
});

test('prompt=none of an account that was blocked is refused', async (t) => {
  const account = await addAccount(gatehouse);
  const { agent } = await signedIn(account);
  await setAccountState(gatehouse.db, account.id, 'blocked');
  const page = await visit(agent, { prompt: 'none' });
  assertRefusedByRedirect(t, page, refusal('login_required', /\w+ \w+/));
});

const asksAgain: Record<string, Params> = {
  'prompt=login': { prompt: 'login' },
  'max_age=0': { max_age: '0' },
  'a max_age younger than the session': { max_age: '50' },
};
for (const [title, params] of Object.entries(asksAgain)) {
  test(`${title} asks again, and auth_time is later`, async (t) => {
    const { agent, claims } = await signedIn();
    const page = await visit(agent, params);
    t.true(hasButton(page, 'Sign in'), page.text);
    t.is(emailOn(page), gatehouse.accounts[0]?.email);
    const again = await claimsOf(await proceed(gatehouse, agent, page));
    t.is(again.sub, claims.sub);
    t.true(Number(again['auth_time']) > Number(claims['auth_time']) - 100);
  });
}

test('a max_age older than the session is silent, and auth_time is told', async (t) => {
  const { agent, claims } = await signedIn();
  const [one, other] = [
    await claimsOf(await visit(agent, { max_age: '15000' })),
    await claimsOf(await visit(agent, { max_age: '10000' })),
  ];
  t.is(one['auth_time'], Number(claims['auth_time']) - 100);
  t.is(other['auth_time'], one['auth_time']);
  t.is(other.sub, one.sub);
});

for (const max_age of ['-1', '1.5', 'soon']) {
  test(`max_age=${max_age} is refused`, async (t) => {
    const page = await visit(createAgent(gatehouse.issuer), { max_age });
    assertRefusedByRedirect(t, page, refusal('invalid_request', /max_age/));
  });
}

test('prompt=none and a session older than max_age is refused', async (t) => {
  const { agent } = await signedIn();
  const page = await visit(agent, { prompt: 'none', max_age: '50' });
  assertRefusedByRedirect(t, page, refusal('login_required', /\w+ \w+/));
});

test('select_account lets a person continue as who they are', async (t) => {
  const { agent, claims } = await signedIn();
  const page = await visit(agent, { prompt: 'select_account' });
  t.regex(page.text, /Continue with this account/);
  t.true(page.text.includes(gatehouse.accounts[0]?.email ?? 'nobody'));
  t.is((await claimsOf(await agent.submit(page, 'Continue'))).sub, claims.sub);
});

test('select_account lets a person take another account', async (t) => {
  const { agent, claims } = await signedIn();
  const other = await addAccount(gatehouse);
  const choice = await visit(agent, { prompt: 'select_account', state: 'kept' });
  const page = await agent.submit(choice, 'Use another account');
  t.is(emailOn(page), '');
  let back = await agent.submit(page, 'Sign in', { ...other });
  // A change of account ends the old session first: a page that submits itself.
  if (hasButton(back, 'Continue')) back = await agent.submit(back, 'Continue');
  t.is(callback(back).params.get('state'), 'kept');
  const { sub } = await claimsOf(back);
  t.is(sub, other.id);
  t.not(sub, claims.sub);
  t.is((await claimsOf(await visit(agent, { prompt: 'none' }))).sub, other.id);
});

test('select_account of a stranger is the sign-in page, and one page is enough', async (t) => {
  const agent = createAgent(gatehouse.issuer);
  const page = await visit(agent, { prompt: 'select_account' });
  t.true(hasButton(page, 'Sign in'));
  const [account] = gatehouse.accounts;
  const back = await agent.submit(page, 'Sign in', { ...account, roles: '' });
  t.truthy(callback(back).params.get('code'));
});

test('create leads to a page, signed in or not, and signing in there goes on', async (t) => {
  for (const agent of [createAgent(gatehouse.issuer), (await signedIn()).agent]) {
    const page = await visit(agent, { prompt: 'create' });
    t.is(page.status, 200);
    t.true(hasButton(page, 'Create an account'));
    const signIn = await agent.get(`${page.url}?step=sign-in`);
    t.truthy(callback(await proceed(gatehouse, agent, signIn)).params.get('code'));
  }
});

test('login_hint fills in the e-mail address, and is escaped', async (t) => {
  for (const login_hint of ['someone@example.com', '"><script>alert(1)</script>']) {
    const page = await visit(createAgent(gatehouse.issuer), { login_hint });
    t.is(emailOn(page), login_hint);
    t.false(page.text.includes('<script>alert'));
  }
});

test('id_token_hint of the account that is signed in is silent', async (t) => {
  const { agent, idToken, claims } = await signedIn();
  const page = await visit(agent, { prompt: 'none', id_token_hint: idToken });
  t.is((await claimsOf(page)).sub, claims.sub);
});

test('id_token_hint of another account is not answered with the one that is signed in', async (t) => {
  const { idToken } = await signedIn(await addAccount(gatehouse));
  const { agent } = await signedIn();
  const silent = await visit(agent, { prompt: 'none', id_token_hint: idToken });
  assertRefusedByRedirect(t, silent, refusal('login_required', /\w+ \w+/));
  t.true(hasButton(await visit(agent, { id_token_hint: idToken }), 'Sign in'));
});

test('an id_token_hint that is none of ours is refused', async (t) => {
  const { agent, idToken } = await signedIn();
  const [header, payload] = idToken.split('.');
  for (const id_token_hint of ['nonsense', `${header}.${payload}.${'A'.repeat(342)}`]) {
    const page = await visit(agent, { prompt: 'none', id_token_hint });
    assertRefusedByRedirect(t, page, refusal('invalid_request', /id_token_hint/));
  }
});

const badPrompts: Record<string, RegExp> = {
  signup: /prompt/,
  NONE: /prompt/,
  'none login': /none/,
  'none select_account': /none/,
};
for (const [prompt, description] of Object.entries(badPrompts)) {
  test(`prompt=${prompt} is refused`, async (t) => {
    const page = await visit(createAgent(gatehouse.issuer), { prompt, state: 'kept' });
    assertRefusedByRedirect(t, page, refusal('invalid_request', description, 'kept'));
  });
}

const ignored: Record<string, Params> = {
  'acr_values that are not offered': { acr_values: '1 2' },
  ui_locales: { ui_locales: 'se' },
  claims_locales: { claims_locales: 'se' },
  'display=page': { display: 'page' },
  'display=popup': { display: 'popup' },
  'an unknown parameter': { extra: 'foobar' },
  'the parameters of a portal': { domain_hint: 'contoso.com', idp_hint: 'entra' },
};
for (const [title, params] of Object.entries(ignored)) {
  test(`${title} changes nothing`, async (t) => {
    const agent = createAgent(gatehouse.issuer);
    const back = await proceed(gatehouse, agent, await visit(agent, params));
    t.truthy((await claimsOf(back)).sub);
  });
}
