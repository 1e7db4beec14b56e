// T-11, T-13: after a sign-out nobody is sent to a URI that is not registered.
import test from 'ava';
import { type Agent, createAgent, type Page } from '../_agent.ts';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { withClient } from './_clients.ts';
import { encode, exchange, obtainCode, type Params, type Target } from './_flow.ts';
import { MUTATIONS } from './_redirect-mutations.ts';

let gatehouse: Gatehouse;
let app: Target;
let agent: Agent;
let idToken: string;
test.before(async () => {
  gatehouse = await startGatehouse();
  app = await withClient(gatehouse, {
    redirectUris: [{ uri: 'https://app.test/cb', type: 'web' }],
    postLogoutRedirectUris: ['https://app.test/cb'],
  });
  const flow = await obtainCode(app, 'web');
  agent = flow.agent;
  idToken = String((await exchange(app, 'web', flow)).json['id_token']);
});
test.after.always(() => gatehouse?.stop());

const logout = (params: Params) => `${app.issuer}/logout?${encode(params)}`;

test('T-11 no mutation of a registered post-logout URI is taken', async (t) => {
  for (const uri of MUTATIONS.filter((mutation) => mutation !== '')) {
    for (const who of [{ client_id: app.client('web').client_id }, { id_token_hint: idToken }]) {
      const answer = await agent.request(logout({ ...who, post_logout_redirect_uri: uri }));
      t.is(answer.status, 400, uri);
      t.is(answer.headers.get('Location'), null, uri);
      await answer.body?.cancel();
    }
  }
});

test('T-13 without a client no post-logout URI is followed, and none is shown', async (t) => {
  const visitor = (await obtainCode(app, 'web', { person: 1 })).agent;
  const page = await visitor.get(logout({ post_logout_redirect_uri: 'https://app.test/cb' }));
  t.is(page.status, 200);
  t.false(page.text.includes('app.test'));
  const end = await visitor.submit(page, 'Sign out');
  t.is(end.status, 200);
  t.is(new URL(end.url).pathname, '/logout/success');
});

test('T-13 the sign-out form cannot be given another way to go', async (t) => {
  const visitor = (await obtainCode(app, 'web', { person: 2 })).agent;
  const page = await visitor.get(logout({ client_id: app.client('web').client_id }));
  const xsrf = page.html.querySelector('input[name=xsrf]')?.getAttribute('value') ?? '';
  const evil = 'https://evil.test/';
  const answer = await visitor.request(`${app.issuer}/logout/confirm?${encode({ state: evil })}`, {
    method: 'POST',
    headers: { Referer: evil },
    body: new URLSearchParams({
      xsrf,
      logout: 'yes',
      post_logout_redirect_uri: evil,
      return_to: evil,
      state: evil,
    }),
  });
  t.is(answer.status, 303);
  t.is(new URL(answer.headers.get('Location') ?? '').origin, app.issuer);
});

test('T-13 no parameter and no Referer sends a visitor away', async (t) => {
  const names = [
    'return_to',
    'returnTo',
    'next',
    'redirect',
    'continue',
    'RelayState',
    'url',
    'target',
    'r',
  ];
  const values = [
    '//evil.test',
    '/\\evil.test',
    '/%09/evil.test',
    'https:evil.test',
    'javascript:alert(1)',
    'https://evil.test',
  ];
  for (const path of [
    '/',
    '/logout',
    '/logout/success',
    '/nothing',
    '/interaction/x',
    '/authorize/x',
  ]) {
    for (const value of values) {
      const query = encode(Object.fromEntries(names.map((name) => [name, value])));
      const visitor = createAgent(app.issuer);
      const answer = await visitor.request(`${app.issuer}${path}?${query}`, {
        headers: { Referer: value },
      });
      t.is(answer.headers.get('Location'), null, `${path} ${value}`);
      t.false((await answer.text()).includes('evil.test'), path);
    }
  }
});

test('T-13 choosing another account stays on this server', async (t) => {
  const other = await withClient(gatehouse, {
    firstParty: false,
    redirectUris: [{ uri: 'https://other.test/cb', type: 'web' }],
  });
  const page: Page = await agent.get(
    `${app.issuer}/authorize?${encode({
      client_id: other.client('web').client_id,
      response_type: 'code',
      redirect_uri: 'https://other.test/cb',
      scope: 'openid',
      code_challenge: 'x'.repeat(43),
      code_challenge_method: 'S256',
    })}`,
  );
  const csrf = page.html.querySelector('input[name=csrf]')?.getAttribute('value') ?? '';
  const answer = await agent.request(`${page.url}/consent`, {
    method: 'POST',
    body: new URLSearchParams({ csrf, choice: 'another' }),
  });
  t.is(answer.status, 303);
  t.true(answer.headers.get('Location')?.startsWith('/interaction/'));
});
