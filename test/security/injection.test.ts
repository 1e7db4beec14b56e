// T-53: values that mean something to a database, a parser or a template are only values.
import test from 'ava';
import { createAgent } from '../_agent.ts';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { authorization, encode, post } from './_flow.ts';
import { VALUES, wrongWith } from './_injections.ts';
import { sendPlain } from './_raw.ts';

let gatehouse: Gatehouse;
test.before(async () => {
  gatehouse = await startGatehouse();
});
test.after.always(async (t) => {
  const accounts = await gatehouse?.db.knex('accounts').select('id');
  await gatehouse?.stop();
  t.is(accounts?.length, 3, 'the table is still there');
});

const get = (path: string, headers: Record<string, string> = {}) =>
  sendPlain(gatehouse.config.port, { path, headers: { Accept: 'text/html', ...headers } });

/** Tries every value with `attempt`, which answers by place; collects what is wrong. */
async function tryAll(
  attempt: (value: string) => Record<string, Promise<{ status: number; text: string }>>,
): Promise<string[]> {
  const found: string[] = [];
  for (const [what, value] of Object.entries(VALUES)) {
    for (const [where, answer] of Object.entries(attempt(value)))
      found.push(...wrongWith(`${where}, ${what}`, await answer));
  }
  return found;
}

const AUTHORIZATION = [
  'client_id',
  'response_type',
  'response_mode',
  'redirect_uri',
  'scope',
  'state',
  'nonce',
  'prompt',
  'max_age',
  'login_hint',
  'id_token_hint',
  'ui_locales',
  'claims_locales',
  'acr_values',
  'claims',
  'display',
  'resource',
  'audience',
  'code_challenge',
  'code_challenge_method',
  'dpop_jkt',
  'request',
  'request_uri',
  'registration',
  'unknown_parameter',
];
for (const name of AUTHORIZATION) {
  test.serial(`T-53 no value of ${name} breaks an authorization request`, async (t) => {
    const { url } = authorization(gatehouse, 'web', { [name]: undefined });
    const query = new URL(url).search.slice(1);
    const found = await tryAll((value) => ({
      'GET /authorize': get(`/authorize?${query}&${name}=${value}`),
      'POST /par': post(gatehouse, '/par', `${query}&${name}=${value}`, { as: 'web' }),
    }));
    t.deepEqual(found, []);
  });
}

const TOKEN = [
  'grant_type',
  'code',
  'redirect_uri',
  'code_verifier',
  'refresh_token',
  'scope',
  'resource',
  'audience',
  'client_id',
  'client_secret',
  'client_assertion',
  'client_assertion_type',
];
for (const name of TOKEN) {
  test.serial(`T-53 no value of ${name} breaks a token request`, async (t) => {
    const ask = (grant_type: string, value: string, as: string) => {
      const given = { grant_type, code: 'x', refresh_token: 'x', scope: 'orders.read' };
      const body = `${encode({ ...given, [name]: undefined })}&${name}=${value}`;
      return post(gatehouse, '/token', body, { as });
    };
    const found = await tryAll((value) => ({
      client_credentials: ask('client_credentials', value, 'machine'),
      authorization_code: ask('authorization_code', value, 'web'),
      refresh_token: ask('refresh_token', value, 'web'),
    }));
    t.deepEqual(found, []);
  });
}

test('T-53 no parameter of introspection and revocation breaks anything', async (t) => {
  for (const path of ['/introspect', '/revoke']) {
    const ask = (body: string) => post(gatehouse, path, body, { as: 'web' });
    const found = await tryAll((value) => ({
      [`${path} token`]: ask(`token=${value}`),
      [`${path} hint`]: ask(`token=x&token_type_hint=${value}`),
      [`${path} client_id`]: ask(`token=x&client_id=${value}`),
    }));
    t.deepEqual(found, []);
  }
});

test('T-53 no parameter of sign-out and userinfo breaks anything', async (t) => {
  const found = await tryAll((value) => ({
    id_token_hint: get(`/logout?id_token_hint=${value}`),
    post_logout_redirect_uri: get(`/logout?post_logout_redirect_uri=${value}`),
    state: get(`/logout?state=${value}`),
    ui_locales: get(`/logout?ui_locales=${value}`),
    logout_hint: get(`/logout?logout_hint=${value}`),
    client_id: get(`/logout?client_id=${value}`),
    success: get(`/logout/success?client_id=${value}`),
    confirm: post(gatehouse, '/logout/confirm', `xsrf=${value}&logout=${value}`),
    'userinfo by query': get(`/userinfo?access_token=${value}`),
    'userinfo by form': post(gatehouse, '/userinfo', `access_token=${value}`),
  }));
  t.deepEqual(found, []);
});

test('T-53 no path breaks anything', async (t) => {
  const found = await tryAll((value) => ({
    root: get(`/${value}`),
    query: get(`/?${value}`),
    interaction: get(`/interaction/${value}`),
    resume: get(`/authorize/${value}`),
    asset: get(`/assets/${value}`),
    'well-known': get(`/.well-known/${value}`),
  }));
  t.deepEqual(found, []);
});

const HEADERS = [
  'Accept',
  'Accept-Language',
  'User-Agent',
  'Origin',
  'Referer',
  'Cookie',
  'Authorization',
  'DPoP',
  'If-None-Match',
  'Content-Type',
  'Sec-Fetch-Site',
];
test('T-53 no header breaks anything', async (t) => {
  const found: string[] = [];
  const values = [
    "' OR 1=1--",
    '{"a":[',
    '%00%0d%0a',
    '\t',
    ',,,;;;===',
    '\u00ff\u00fe',
    'x'.repeat(8000),
    '__proto__',
  ];
  for (const name of HEADERS) {
    for (const value of values) {
      for (const path of ['/userinfo', '/authorize', '/assets/style.css', '/', '/livez']) {
        const answer = await get(path, { [name]: value });
        found.push(...wrongWith(`${path} ${name}: ${value.slice(0, 20)}`, answer));
      }
    }
  }
  t.deepEqual(found, []);
});

test('T-53 no value of the sign-in form breaks anything', async (t) => {
  const agent = createAgent(gatehouse.issuer);
  const page = await agent.get(authorization(gatehouse, 'web').url);
  const csrf = page.html.querySelector('input[name=csrf]')?.getAttribute('value') ?? '';
  const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
  const submit = async (body: string, step = 'sign-in') => {
    const answer = await agent.request(`${page.url}/${step}`, { method: 'POST', headers, body });
    return { status: answer.status, text: await answer.text() };
  };
  const found = await tryAll((value) => ({
    email: submit(`csrf=${csrf}&password=x&email=${value}`),
    address: submit(`csrf=${csrf}&password=x&email=${value.slice(0, 200)}@example.com`),
    password: submit(`csrf=${csrf}&email=a@example.com&password=${value}`),
    csrf: submit(`csrf=${value}&email=a@example.com&password=x`),
    choice: submit(`csrf=${csrf}&choice=${value}`, 'consent'),
    'field name': submit(`csrf=${csrf}&email=a@example.com&password=x&${value}=1`),
  }));
  t.deepEqual(found, []);
});

test('T-53 Basic credentials of every shape are refused, not broken', async (t) => {
  const found = await tryAll((value) => {
    const ask = (credentials: string) => {
      const Authorization = `Basic ${Buffer.from(credentials).toString('base64')}`;
      const body = 'grant_type=client_credentials';
      return post(gatehouse, '/token', body, { headers: { Authorization } });
    };
    const { client_id } = gatehouse.client('web');
    return {
      id: ask(`${value}:x`),
      secret: ask(`${client_id}:${value}`),
      'no colon': ask(value),
      'raw NUL': ask(`${client_id}\0:${value}\0`),
    };
  });
  t.deepEqual(found, []);
});
