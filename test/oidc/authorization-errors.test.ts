// Requests that cannot be answered with a code: RFC 6749 section 4.1.2.1. Where the client or its
// redirect URI is in doubt a page says so, and nobody is sent anywhere.
import { disableClient } from '../../src/storage/clients.ts';
import { createAgent, type Page } from '../_agent.ts';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { test } from '../_one-at-a-time.ts';
import {
  addClient,
  assertRefusedByRedirect,
  authorizeUrl,
  CHALLENGE,
  callback,
  encode,
  eventually,
  hasButton,
  type Params,
  proceed,
  send,
} from '../_protocol.ts';

let gatehouse: Gatehouse;
test.before(async () => {
  gatehouse = await startGatehouse();
});
test.after.always(() => gatehouse?.stop());

const web = () => gatehouse.client('web');
const visit = (params: Params, kind = 'web'): Promise<Page> =>
  createAgent(gatehouse.issuer).get(authorizeUrl(gatehouse, gatehouse.client(kind), params));

const onPage: { title: string; params: Params; kind?: string; says: RegExp }[] = [
  {
    title: 'an unknown client',
    params: { client_id: `c_${'0'.repeat(24)}` },
    says: /application is not known here/,
  },
  {
    title: 'a client id that is no id',
    params: { client_id: '<script>alert(1)</script>' },
    says: /application is not known here/,
  },
  { title: 'no client', params: { client_id: undefined }, says: /client_id/ },
  { title: 'two clients', params: { client_id: ['c_a', 'c_b'] }, says: /client_id.*twice/ },
  { title: 'no redirect URI', params: { redirect_uri: undefined }, says: /redirect_uri/ },
  {
    title: 'two redirect URIs',
    params: { redirect_uri: ['http://127.0.0.1:9/callback', 'https://evil.example/'] },
    says: /redirect_uri.*twice/,
  },
  {
    title: 'an API as the client',
    params: { redirect_uri: 'https://rp.example.com/' },
    kind: 'resource-server',
    says: /return address is not registered/,
  },
  {
    title: 'a machine as the client',
    params: { redirect_uri: 'https://rp.example.com/' },
    kind: 'machine',
    says: /return address is not registered/,
  },
];
const wrongUris: Record<string, string> = {
  'a foreign redirect URI': 'https://evil.example/callback',
  'a longer path': 'http://127.0.0.1:9/callback/more',
  'a trailing slash': 'http://127.0.0.1:9/callback/',
  'another letter case': 'http://127.0.0.1:9/Callback',
  'another port': 'http://127.0.0.1:10/callback',
  'another scheme': 'https://127.0.0.1:9/callback',
  'another name of the host': 'http://localhost:9/callback',
  'a query': 'http://127.0.0.1:9/callback?a=b',
  'a fragment': 'http://127.0.0.1:9/callback#a',
  'dot segments': 'http://127.0.0.1:9/x/../callback',
  'encoded letters': 'http://127.0.0.1:9/%63allback',
  'a user name before the host': 'http://a@127.0.0.1:9/callback',
  'a script': 'javascript:alert(1)',
};
for (const [title, redirect_uri] of Object.entries(wrongUris))
  onPage.push({ title, params: { redirect_uri }, says: /return address is not registered/ });

for (const { title, params, kind, says } of onPage) {
  test(`a request with ${title} is refused on a page`, async (t) => {
    const page = await visit(params, kind);
    t.is(page.status, 400);
    t.false(page.headers.has('Location'));
    t.regex(page.headers.get('Content-Type') ?? '', /^text\/html/);
    t.regex(page.text.replace(/&#39;/g, "'"), says);
    t.false(page.text.includes('<script>alert'));
    const reference = page.html.querySelector('.reference code')?.textContent;
    t.truthy(reference);
    t.is(reference, page.headers.get('X-Correlation-Id') ?? 'no header');
  });
}

test('the page of an error is not cached, not framed, and leaves window.opener alone', async (t) => {
  const { headers } = await visit({ client_id: 'c_unknown' });
  t.is(headers.get('Cache-Control'), 'no-store');
  t.regex(headers.get('Content-Security-Policy') ?? '', /frame-ancestors 'none'/);
  t.is(headers.get('Cross-Origin-Opener-Policy') ?? 'unsafe-none', 'unsafe-none');
});

test('the error of an unknown client is JSON for who accepts JSON', async (t) => {
  const url = authorizeUrl(gatehouse, { client_id: 'c_unknown', redirect_uris: [] });
  const answer = await send(url, { headers: { Accept: 'application/json' } });
  t.is(answer.status, 400);
  t.is(answer.body['error'], 'invalid_client');
  t.regex(String(answer.body['error_description']), /\w+ \w+/);
  t.is(answer.body['correlation_id'], answer.headers.get('X-Correlation-Id'));
});

test('a client that was disabled is refused on a page', async (t) => {
  const client = await addClient(gatehouse, {
    kind: 'web',
    redirectUris: [{ uri: 'https://rp.example.com/callback', type: 'web' }],
  });
  const agent = createAgent(gatehouse.issuer);
  const url = authorizeUrl(gatehouse, client);
  t.is((await agent.get(url)).status, 200);
  await disableClient(gatehouse.db, client.client_id);
  const page = await eventually(
    () => agent.get(url),
    ({ status }) => status !== 200,
  );
  t.is(page.status, 400);
  t.regex(page.text, /application is not known here/);
});

const byRedirect: { title: string; params: Params; error: string; description: RegExp }[] = [
  ...['token', 'id_token', 'code id_token', 'code token', 'none', 'code2'].map((response_type) => ({
    title: `response_type=${response_type}`,
    params: { response_type },
    error: 'unsupported_response_type',
    description: /response_type must be code: .*PKCE \(S256\)/,
  })),
  {
    title: 'no response_type',
    params: { response_type: undefined },
    error: 'invalid_request',
    description: /response_type/,
  },
  {
    title: 'a scope sent twice',
    params: { scope: ['openid', 'email'] },
    error: 'invalid_request',
    description: /scope.*twice/,
  },
  {
    title: 'a response_type sent twice',
    params: { response_type: ['code', 'code'] },
    error: 'invalid_request',
    description: /response_type.*twice/,
  },
  {
    title: 'a code_challenge sent twice',
    params: { code_challenge: [CHALLENGE, CHALLENGE] },
    error: 'invalid_request',
    description: /code_challenge.*twice/,
  },
  {
    title: 'an unknown response_mode',
    params: { response_mode: 'web_message' },
    error: 'unsupported_response_mode',
    description: /response_mode/,
  },
];
for (const { title, params, error, description } of byRedirect) {
  test(`a request with ${title} is told so to the client`, async (t) => {
    const page = await visit({ state: 'kept', ...params });
    // The hybrid and implicit types are answered in the fragment; consoles read either.
    const location = (page.headers.get('Location') ?? '').replace('#', '?');
    const headers = new Headers({ Location: location });
    assertRefusedByRedirect(
      t,
      { ...page, headers },
      {
        issuer: gatehouse.issuer,
        uri: web().redirect_uris[0] ?? '',
        error,
        description,
        state: 'kept',
      },
    );
  });
}

for (const [name, error] of [
  ['request', 'request_not_supported'],
  ['registration', 'registration_not_supported'],
] as const) {
  test(`the parameter ${name} is told to be unsupported`, async (t) => {
    const page = await visit({ state: 'kept', [name]: '{}' });
    const answer = new URL(page.headers.get('Location') ?? '').searchParams;
    t.is(answer.get('error'), error);
    t.is(answer.get('state'), 'kept');
  });
}

test('a state sent twice is refused, and neither is echoed', async (t) => {
  const page = await visit({ state: ['one', 'other'] });
  const text = page.headers.get('Location') ?? page.text;
  t.true(page.status === 400 || callback(page).params.get('error') === 'invalid_request');
  t.notRegex(text, /[?&]state=(one|other)/);
});

for (const name of [
  'state',
  'nonce',
  'scope',
  'login_hint',
  'client_id',
  'resource',
  'ui_locales',
]) {
  test(`a NUL byte in ${name} is refused, never a failure of ours`, async (t) => {
    // Of a person who is signed in, for then a refusal is recorded, too.
    const agent = createAgent(gatehouse.issuer);
    await proceed(gatehouse, agent, await agent.get(authorizeUrl(gatehouse, web())));
    for (const browser of [agent, createAgent(gatehouse.issuer)]) {
      const page = await browser.get(authorizeUrl(gatehouse, web(), { [name]: 'a\0b' }));
      t.true(page.status < 500, page.text);
    }
  });
}

test('an authorization request by POST is answered 303 to the same request by GET', async (t) => {
  const { searchParams } = new URL(
    authorizeUrl(gatehouse, web(), { state: 'a&b=c d', nonce: 'n' }),
  );
  const agent = createAgent(gatehouse.issuer);
  for (const path of ['/authorize', '/authorize/', '/Authorize']) {
    const answer = await agent.request(`${gatehouse.issuer}${path}`, {
      method: 'POST',
      body: searchParams,
    });
    t.is(answer.status, 303);
    const target = new URL(answer.headers.get('Location') ?? '', gatehouse.issuer);
    t.is(target.origin + target.pathname, `${gatehouse.issuer}/authorize`);
    t.deepEqual([...target.searchParams], [...searchParams]);
    const page = await agent.get(target.href);
    const { params } = callback(await proceed(gatehouse, agent, page));
    t.truthy(params.get('code'));
    t.is(params.get('state'), 'a&b=c d');
  }
});

test('an authorization request by POST must be a form, and of a size that fits a URL', async (t) => {
  const url = `${gatehouse.issuer}/authorize`;
  const json = await send(url, {
    method: 'POST',
    body: '{}',
    headers: { 'Content-Type': 'application/json' },
  });
  t.is(json.status, 415);
  t.regex(String(json.body['error_description']), /application\/x-www-form-urlencoded/);
  const large = await send(url, { method: 'POST', body: encode({ state: 'x'.repeat(20_000) }) });
  t.is(large.status, 413);
  t.is(large.body['error'], 'invalid_request');
});

for (const method of ['PUT', 'DELETE', 'PATCH']) {
  test(`${method} is no way to ask for authorization`, async (t) => {
    const answer = await send(authorizeUrl(gatehouse, web()), { method });
    t.true([404, 405].includes(answer.status));
    t.false(answer.headers.has('Location'));
  });
}

test('a query in another order, and scopes in another order, change nothing', async (t) => {
  const url = new URL(authorizeUrl(gatehouse, web(), { scope: 'email openid', state: 's' }));
  const reversed = [...url.searchParams].toReversed();
  const agent = createAgent(gatehouse.issuer);
  const page = await agent.get(`${gatehouse.issuer}/authorize?${new URLSearchParams(reversed)}`);
  t.true(hasButton(page, 'Sign in'));
  t.truthy(callback(await proceed(gatehouse, agent, page)).params.get('code'));
});
