// T-11, T-12: nobody is sent to a URI that is not registered, letter by letter, on no path.
import test from 'ava';
import { createAgent } from '../_agent.ts';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { withClient } from './_clients.ts';
import { authorization, obtainCode, type Params, post, type Target } from './_flow.ts';
import { sendPlain } from './_raw.ts';
import { MUTATIONS } from './_redirect-mutations.ts';

let gatehouse: Gatehouse;
let app: Target;
test.before(async () => {
  gatehouse = await startGatehouse();
  app = await withClient(gatehouse, {
    redirectUris: [{ uri: 'https://app.test/cb', type: 'web' }],
    postLogoutRedirectUris: ['https://app.test/cb'],
  });
});
test.after.always(() => gatehouse?.stop());

const html = { Accept: 'text/html' };

test('T-11 the registered URI itself is accepted, and the mutations are at least sixty', async (t) => {
  const flow = await obtainCode(app, 'web');
  t.truthy(flow.code);
  t.true(new Set(MUTATIONS).size >= 60);
  t.false(MUTATIONS.includes('https://app.test/cb'));
});

test('T-11 no mutation of a registered URI is redirected to', async (t) => {
  for (const redirect_uri of MUTATIONS) {
    const { url } = authorization(app, 'web', { redirect_uri });
    const answer = await fetch(url, { redirect: 'manual', headers: html });
    t.is(answer.status, 400, redirect_uri);
    t.is(answer.headers.get('Location'), null, redirect_uri);
    t.is(answer.headers.get('Refresh'), null, redirect_uri);
    t.regex(answer.headers.get('Content-Type') ?? '', /^text\/html/);
    await answer.body?.cancel();
  }
});

test('T-11 no mutation is redirected to with a session of the person, either', async (t) => {
  const { agent } = await obtainCode(app, 'web');
  for (const redirect_uri of MUTATIONS) {
    const answer = await agent.request(authorization(app, 'web', { redirect_uri }).url);
    t.is(answer.status, 400, redirect_uri);
    t.is(answer.headers.get('Location'), null, redirect_uri);
    await answer.body?.cancel();
  }
});

// Each of these, alone, is answered by a redirect to the client when its redirect URI is right.
const ERRORS: Params[] = [
  { prompt: 'none' },
  { response_type: 'token' },
  { response_type: 'code id_token' },
  { response_type: undefined },
  { response_type: 'none' },
  { scope: undefined, claims: '{' },
  { scope: 'no.such.scope' },
  { scope: 'orders.read', resource: 'https://evil.test' },
  { code_challenge: undefined, code_challenge_method: undefined },
  { code_challenge_method: 'plain' },
  { max_age: '-1' },
  { prompt: 'none login' },
  { prompt: 'bad' },
  { id_token_hint: 'a.b.c' },
  { request: 'a.b.c' },
  { request_uri: 'https://evil.test/r' },
  { request_uri: 'urn:ietf:params:oauth:request_uri:unknown' },
  { registration: '{}' },
  { state: ['a', 'b'] },
  { response_mode: 'form_post', prompt: 'none' },
  { response_mode: 'fragment', prompt: 'none' },
  { response_mode: 'web_message', prompt: 'none' },
  { response_mode: 'bad' },
];

test('T-12 no error is sent to an unregistered URI', async (t) => {
  for (const overrides of ERRORS) {
    for (const redirect_uri of [
      'https://evil.test/cb',
      'https://app.test/cb/',
      'javascript:alert(1)',
    ]) {
      const { url } = authorization(app, 'web', { ...overrides, redirect_uri });
      const answer = await fetch(url, { redirect: 'manual', headers: html });
      const text = await answer.text();
      t.is(answer.status, 400, `${JSON.stringify(overrides)} ${redirect_uri}`);
      t.is(answer.headers.get('Location'), null);
      t.notRegex(text, /<form|<script|location|evil\.test|javascript:/);
    }
  }
});

test('T-12 an unknown client gets a page, whatever else is wrong', async (t) => {
  const unknown = [
    '',
    'c_unknown',
    'usr_unknown',
    'constructor',
    '__proto__',
    '../c_x',
    `c_${'x'.repeat(200)}`,
  ];
  for (const client_id of unknown) {
    for (const overrides of [{}, { prompt: 'none' }, { response_type: 'token' }]) {
      const { url } = authorization(app, 'web', { ...overrides, client_id });
      const answer = await fetch(url, { redirect: 'manual', headers: html });
      t.is(answer.status, 400, client_id);
      t.is(answer.headers.get('Location'), null);
      await answer.body?.cancel();
    }
  }
});

test('T-11 a URI sent twice, as an array or as a field of an object is refused', async (t) => {
  const good = 'redirect_uri=https%3A%2F%2Fapp.test%2Fcb';
  const evil = 'redirect_uri=https%3A%2F%2Fevil.test%2Fcb';
  const { url } = authorization(app, 'web', { redirect_uri: undefined });
  const tails = [
    `${good}&${evil}`,
    `${evil}&${good}`,
    `${good}&${good}`,
    'redirect_uri[]=https%3A%2F%2Fapp.test%2Fcb',
    'redirect_uri[0]=https%3A%2F%2Fapp.test%2Fcb',
    'Redirect_URI=https%3A%2F%2Fapp.test%2Fcb',
    'redirect_uri%00=https%3A%2F%2Fapp.test%2Fcb',
    '',
  ];
  for (const tail of tails) {
    for (const extra of ['', '&prompt=none', '&response_type=token']) {
      const answer = await fetch(`${url}&${tail}${extra}`, { redirect: 'manual', headers: html });
      t.is(answer.status, 400, tail);
      t.is(answer.headers.get('Location'), null, tail);
      await answer.body?.cancel();
    }
  }
});

test('T-11 neither a pushed request nor a POST takes a mutation', async (t) => {
  for (const redirect_uri of MUTATIONS) {
    const query = new URL(authorization(app, 'web', { redirect_uri }).url).search.slice(1);
    const pushed = await post(app, '/par', query, { as: 'web' });
    t.is(pushed.status, 400, redirect_uri);
    t.is(pushed.json['request_uri'], undefined);
    const agent = createAgent(app.issuer);
    const posted = await agent.request(`${app.issuer}/authorize`, {
      method: 'POST',
      body: new URLSearchParams(query),
    });
    const next = posted.headers.get('Location') ?? '';
    // A POST is answered by the same request as a GET, on our own origin, or refused for its size.
    if (posted.status === 303) {
      t.true(next.startsWith('/authorize?'), next);
      const answer = await agent.request(new URL(next, app.issuer).href);
      t.is(answer.status, 400, redirect_uri);
      t.is(answer.headers.get('Location'), null);
    } else t.is(posted.status, 413);
  }
});

test('T-11 what is added to the request cannot override a pushed redirect URI', async (t) => {
  const query = new URL(authorization(app, 'web').url).search.slice(1);
  const pushed = await post(app, '/par', query, { as: 'web' });
  const requestUri = encodeURIComponent(String(pushed.json['request_uri']));
  const { agent } = await obtainCode(app, 'web');
  const base = `/authorize?client_id=${app.client('web').client_id}&request_uri=${requestUri}`;
  for (const redirect_uri of ['https://evil.test/cb', 'https://app.test/cb/', '//evil.test']) {
    const tail = `&redirect_uri=${encodeURIComponent(redirect_uri)}`;
    const answer = await agent.request(`${app.issuer}${base}${tail}&prompt=none`);
    const location = answer.headers.get('Location') ?? 'https://app.test/cb';
    t.true(location.startsWith('https://app.test/cb'), location);
    t.is(new URL(location).pathname, '/cb');
  }
});

test('T-11 loopback ports may vary for native clients only', async (t) => {
  const { port } = gatehouse.config;
  const ask = async (kind: string, redirect_uri: string) => {
    const path = authorization(gatehouse, kind, { redirect_uri }).url.slice(
      gatehouse.issuer.length,
    );
    const answer = await sendPlain(port, { path, headers: html });
    return answer.status;
  };
  for (const good of ['http://127.0.0.1/callback', 'http://127.0.0.1:50123/callback'])
    t.is(await ask('native', good), 303, good);
  for (const uri of [
    'http://127.0.0.1:50123/callback/',
    'http://127.0.0.1:50123/other',
    'http://127.0.0.1:50123@evil.test/callback',
    'http://127.0.0.1:evil.test/callback',
    'http://127.0.0.1:99999/callback',
    'http://127.0.0.1:50123/callback?x',
    'http://127.0.0.1:50123/callback#x',
    'https://127.0.0.1:50123/callback',
    'http://localhost:50123/callback',
    'http://[::1]:50123/callback',
    'http://127.0.0.2:50123/callback',
    'http://127.0.0.1.evil.test:50123/callback',
    'com.example.orders:/callback/',
    'com.example.orders:/callback:80',
    'com.example.orders://callback',
    'com.example.orders2:/callback',
  ])
    t.is(await ask('native', uri), 400, uri);
  for (const uri of ['http://127.0.0.1:50123/callback', 'http://127.0.0.1/callback'])
    t.is(await ask('web', uri), 400, uri);
});
