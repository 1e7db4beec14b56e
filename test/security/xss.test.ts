// T-48: what a stranger writes is text on every page.
import test from 'ava';
import { insertApi, listApis } from '../../src/storage/apis.ts';
import { createAgent } from '../_agent.ts';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { withClient } from './_clients.ts';
import { authorization, encode, enterPassword, type Target } from './_flow.ts';
import { injectedMarkup } from './_injected-markup.ts';
import { POLYGLOTS } from './_polyglots.ts';

let gatehouse: Gatehouse;
test.before(async () => {
  gatehouse = await startGatehouse();
});
test.after.always(() => gatehouse?.stop());

test('T-48 what looks for injected markup finds it', async (t) => {
  const page = await createAgent(gatehouse.issuer).get(authorization(gatehouse, 'web').url);
  t.deepEqual(injectedMarkup(page), []);
  page.html.querySelector('main')?.insertAdjacentHTML('beforeend', '<img src=x onerror=alert(1)>');
  t.deepEqual(injectedMarkup(page), ['img', 'img onerror']);
});

/** A client of that name, with a scope and an API described in those words. */
async function hostileClient(words: string, uri: string): Promise<Target> {
  await insertApi(gatehouse.db, {
    name: words,
    environment: 'sandbox',
    resource: uri,
    audience: uri,
    alg: 'RS256',
    typ: 'at+jwt',
    tokenLifetime: 600,
    claims: [],
    scopes: [{ name: `hostile.${Buffer.from(uri).toString('hex')}`, description: words }],
  });
  const api = (await listApis(gatehouse.db)).find(({ resource }) => resource === uri);
  if (!api) throw new Error('no API');
  return withClient(gatehouse, {
    kind: 'web',
    name: words.replaceAll('\u2028', '').slice(0, 100),
    firstParty: false,
    redirectUris: [{ uri: 'https://app.test/cb', type: 'web' }],
    postLogoutRedirectUris: ['https://app.test/cb'],
    entitlements: [{ api, scopes: api.scopes.map(({ name }) => name) }],
    defaultApi: api,
  });
}

test('T-48 names of clients, APIs and scopes are text on every page that shows them', async (t) => {
  for (const [index, words] of POLYGLOTS.entries()) {
    const uri = `https://hostile.test/${index}`;
    const target = await hostileClient(words, uri);
    const agent = createAgent(gatehouse.issuer);
    const scope = `openid hostile.${Buffer.from(uri).toString('hex')}`;
    const signIn = await agent.get(authorization(target, 'web', { scope }).url);
    t.deepEqual(injectedMarkup(signIn), [], words);
    const consent = await enterPassword(target, agent, signIn);
    t.is(consent.status, 200, consent.text);
    t.deepEqual(injectedMarkup(consent), [], words);
    const name = target.client('web');
    t.truthy(name);
    const select = await agent.get(
      authorization(target, 'web', { scope, prompt: 'select_account' }).url,
    );
    t.deepEqual(injectedMarkup(select), [], words);
    const { client_id } = target.client('web');
    const logout = await agent.get(`${gatehouse.issuer}/logout?${encode({ client_id })}`);
    t.deepEqual(injectedMarkup(logout), [], words);
    const bye = await agent.get(`${gatehouse.issuer}/logout/success?${encode({ client_id })}`);
    t.deepEqual(injectedMarkup(bye), [], words);
  }
});

test('T-48 the words themselves are on the page, as text', async (t) => {
  const words = '<b>"Bold" & \'brave\'</b>';
  const target = await hostileClient(words, 'https://hostile.test/words');
  const page = await createAgent(gatehouse.issuer).get(
    authorization(target, 'web', { scope: 'openid' }).url,
  );
  t.is(page.html.querySelector('.client-name')?.querySelector('b') ?? null, null);
  t.true(page.text.includes('&lt;b&gt;'));
});

const REFLECTED = [
  'login_hint',
  'state',
  'nonce',
  'ui_locales',
  'claims_locales',
  'acr_values',
  'display',
  'scope',
  'resource',
  'audience',
  'prompt',
  'response_type',
  'response_mode',
  'max_age',
  'redirect_uri',
  'client_id',
  'id_token_hint',
  'request',
  'request_uri',
  'code_challenge_method',
  'claims',
  'registration',
  'account',
];

for (const name of REFLECTED) {
  test(`T-48 no value of ${name} becomes markup`, async (t) => {
    for (const words of POLYGLOTS) {
      const { url } = authorization(gatehouse, 'web', { [name]: words });
      const page = await createAgent(gatehouse.issuer).get(url);
      const location = page.headers.get('Location');
      // What is not refused by a page goes to the client, in the query of its redirect URI.
      if (location === null) t.deepEqual(injectedMarkup(page), [], words);
      else t.true(location.startsWith(`${gatehouse.portalUrl}/callback?`), words);
    }
  });
}

test('T-48 a form_post answer holds its one script, and state as text', async (t) => {
  for (const words of POLYGLOTS) {
    const page = await createAgent(gatehouse.issuer).get(
      authorization(gatehouse, 'web', { state: words, prompt: 'none', response_mode: 'form_post' })
        .url,
    );
    t.is(page.status, 400);
    const scripts = page.html.querySelectorAll('script');
    t.is(scripts.length, 1, words);
    t.true(scripts[0]?.textContent.includes('document.forms[0].submit()'));
    const field = page.html.querySelector('input[name=state]');
    t.is(field?.getAttribute('value'), words);
    t.is(
      page.html.querySelector('form')?.getAttribute('action'),
      `${gatehouse.portalUrl}/callback`,
    );
    const policy = page.headers.get('Content-Security-Policy') ?? '';
    t.regex(policy, /script-src 'self' 'sha256-[A-Za-z0-9+/=]{44}'(;|$)/);
    t.false(policy.includes('unsafe'));
  }
});

test('T-48 what is typed into the sign-in form comes back as text', async (t) => {
  const agent = createAgent(gatehouse.issuer);
  let page = await agent.get(authorization(gatehouse, 'web').url);
  for (const words of POLYGLOTS) {
    for (const email of [words, `${words.replace(/\s/g, '')}@example.com`]) {
      page = await agent.submit(page, 'Sign in', { email, password: words });
      t.is(page.status, 400);
      t.deepEqual(injectedMarkup(page), [], words);
      t.is(page.html.querySelector('input[name=email]')?.getAttribute('value'), email);
      t.is(page.html.querySelector('input[name=password]')?.getAttribute('value'), undefined);
    }
  }
});

test('T-48 no error page and no path becomes markup', async (t) => {
  for (const words of POLYGLOTS) {
    const text = encodeURIComponent(words);
    const paths = [`/${text}`, `/interaction/${text}`, `/authorize/${text}`, `/assets/${text}`];
    const queries = [`/logout?state=${text}&client_id=${text}`, `/logout?id_token_hint=${text}`];
    for (const path of [
      ...paths,
      ...queries,
      `/?${text}=${text}`,
      `/logout/success?client_id=${text}`,
    ]) {
      const page = await createAgent(gatehouse.issuer).get(gatehouse.issuer + path);
      // Signing out without a session is the library's own page with its one script.
      if (page.text.includes('document.forms[0].submit()')) continue;
      t.deepEqual(injectedMarkup(page), [], path);
    }
  }
});
