// T-48: what a stranger writes is text on every page.
import test from 'ava';
import { type Api, insertApi, listApis } from '../../src/storage/apis.ts';
import { createAgent } from '../_agent.ts';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { withClient } from './_clients.ts';
import { authorization, encode, obtainCode, type Target } from './_flow.ts';
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

const SCOPES = POLYGLOTS.map((description, index) => ({ name: `hostile.${index}`, description }));

/** An API named and described in hostile words, one scope for each of them. */
async function hostileApi(): Promise<Api> {
  const resource = 'https://hostile.test/';
  await insertApi(gatehouse.db, {
    name: POLYGLOTS.join(' '),
    environment: 'sandbox',
    resource,
    audience: resource,
    alg: 'RS256',
    typ: 'at+jwt',
    tokenLifetime: 600,
    claims: [],
    scopes: SCOPES,
  });
  const api = (await listApis(gatehouse.db)).find((candidate) => candidate.resource === resource);
  if (!api) throw new Error('no API');
  return api;
}

const hostileClient = (words: string, api: Api | undefined): Promise<Target> =>
  withClient(gatehouse, {
    name: words.replaceAll('\u2028', '').slice(0, 100),
    firstParty: false,
    redirectUris: [{ uri: 'https://app.test/cb', type: 'web' }],
    postLogoutRedirectUris: ['https://app.test/cb'],
    entitlements: api ? [{ api, scopes: api.scopes.map(({ name }) => name) }] : [],
    defaultApi: api,
  });

test('T-48 names of clients, APIs and scopes are text on every page that shows them', async (t) => {
  const api = await hostileApi();
  const { agent } = await obtainCode(gatehouse, 'web');
  const scope = ['openid', ...SCOPES.map(({ name }) => name)].join(' ');
  for (const words of POLYGLOTS) {
    const target = await hostileClient(words, api);
    const { client_id } = target.client('web');
    const visitor = createAgent(gatehouse.issuer);
    const pages = [
      await visitor.get(authorization(target, 'web', { scope }).url),
      await agent.get(authorization(target, 'web', { scope }).url),
      await agent.get(authorization(target, 'web', { scope, prompt: 'select_account' }).url),
      await agent.get(`${gatehouse.issuer}/logout?${encode({ client_id })}`),
      await agent.get(`${gatehouse.issuer}/logout/success?${encode({ client_id })}`),
    ];
    t.true(pages[1]?.text.includes('value="allow"'));
    for (const page of pages) {
      t.is(page.status, 200, page.text);
      t.deepEqual(injectedMarkup(page), [], `${words} ${page.url}`);
    }
  }
});

test.serial('T-48 the words themselves are on the page, as text', async (t) => {
  const words = '<b>"Bold" & \'brave\'</b>';
  const target = await hostileClient(words, undefined);
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
    // What no page shows needs no more than a sample.
    const sample = [...POLYGLOTS.slice(0, 6), POLYGLOTS.join(' ')];
    for (const words of name === 'login_hint' ? POLYGLOTS : sample) {
      const { url } = authorization(gatehouse, 'web', { [name]: words });
      const page = await createAgent(gatehouse.issuer).get(url);
      const location = page.headers.get('Location');
      // What is not refused by a page goes to the client, in the query of its redirect URI.
      if (location === null) t.deepEqual(injectedMarkup(page), [], words);
      else t.true(location.startsWith(`${gatehouse.portalUrl}/callback?`), words);
    }
  });
}

test('T-48 an answer by form holds no markup of a stranger, and state exactly as it was sent', async (t) => {
  const states = [
    ...POLYGLOTS,
    'right\u202eto\u2066left\u200f',
    'two\r\nlines',
    '&amp;&#x41;&quot;',
    ' a ',
  ];
  for (const state of states) {
    const { url } = authorization(gatehouse, 'web', {
      state,
      prompt: 'none',
      response_mode: 'form_post',
    });
    const page = await createAgent(gatehouse.issuer).get(url);
    t.deepEqual(injectedMarkup(page), [], state);
    const field = page.html.querySelector('input[name=state]');
    t.is(field?.getAttribute('value'), state);
    const form = page.html.querySelector('form');
    t.is(form?.getAttribute('action'), `${gatehouse.portalUrl}/callback`);
    t.regex(
      page.headers.get('Content-Security-Policy') ?? '',
      /form-action 'self' http:\/\/127\.0\.0\.1:9(;|$)/,
    );
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
      t.deepEqual(injectedMarkup(page), [], path);
    }
  }
});
