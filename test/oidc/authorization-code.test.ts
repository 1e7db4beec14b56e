// RFC 6749 section 4.1, OpenID Connect Core section 3.1: the flow for each kind of client.

import { createHash } from 'node:crypto';
import { decodeJwt } from 'jose';
import * as oauth from 'oauth4webapi';
import * as client from 'openid-client';
import { digest } from '../../src/storage/oidc-payloads.ts';
import { createAgent } from '../_agent.ts';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { test } from '../_one-at-a-time.ts';
import {
  assertRefused,
  authorize,
  authorizeUrl,
  callback,
  hasButton,
  post,
  proceed,
  redeem,
  refresh,
  send,
  signInFor,
} from '../_protocol.ts';

let gatehouse: Gatehouse;
test.before(async () => {
  gatehouse = await startGatehouse();
});
test.after.always(() => gatehouse?.stop());

const authentications: Record<string, (secret: string) => client.ClientAuth> = {
  'HTTP Basic': client.ClientSecretBasic,
  'the request body': client.ClientSecretPost,
};
for (const [way, authenticate] of Object.entries(authentications)) {
  test(`a confidential client with its secret in ${way} signs a person in, refreshes and reads userinfo`, async (t) => {
    const web = gatehouse.client('web');
    const config = await client.discovery(
      new URL(gatehouse.issuer),
      web.client_id,
      undefined,
      authenticate(web.client_secret ?? ''),
      { execute: [client.allowInsecureRequests] },
    );
    const verifier = client.randomPKCECodeVerifier();
    const nonce = client.randomNonce();
    const state = client.randomState();
    const url = client.buildAuthorizationUrl(config, {
      redirect_uri: web.redirect_uris[0] ?? '',
      scope: 'openid profile email offline_access',
      code_challenge: await client.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      nonce,
      state,
    });
    const agent = createAgent(gatehouse.issuer);
    const [admin] = gatehouse.accounts;
    const back = await proceed(gatehouse, agent, await agent.get(url.href), admin);
    const location = new URL(back.headers.get('Location') ?? '');
    const tokens = await client.authorizationCodeGrant(config, location, {
      pkceCodeVerifier: verifier,
      expectedNonce: nonce,
      expectedState: state,
      idTokenExpected: true,
    });
    const { sub } = tokens.claims() ?? { sub: '' };
    t.regex(sub, /^usr_/);
    const info = await client.fetchUserInfo(config, tokens.access_token, sub);
    t.is(info.email, admin?.email);
    const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token ?? '');
    t.is((await client.fetchUserInfo(config, refreshed.access_token, sub)).email, admin?.email);
  });
}

test('a browser client without a secret exchanges its code from its own origin', async (t) => {
  const spa = gatehouse.client('spa');
  const origin = spa.origins?.[0] ?? '';
  const issuer = new URL(gatehouse.issuer);
  const answers: Response[] = [];
  const options = {
    [oauth.allowInsecureRequests]: true,
    [oauth.customFetch]: async (
      url: string,
      { body, ...init }: oauth.CustomFetchOptions<string, URLSearchParams | undefined>,
    ) => {
      const headers = { ...init.headers, Origin: origin };
      const answer = await fetch(url, { ...init, headers, body: body ?? null });
      answers.push(answer);
      return answer;
    },
  };
  const server = await oauth.processDiscoveryResponse(
    issuer,
    await oauth.discoveryRequest(issuer, options),
  );
  const self = { client_id: spa.client_id };
  const verifier = oauth.generateRandomCodeVerifier();
  const agent = createAgent(gatehouse.issuer);
  const url = authorizeUrl(gatehouse, spa, {
    scope: 'openid orders.read',
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
  });
  const back = await proceed(gatehouse, agent, await agent.get(url));
  const params = oauth.validateAuthResponse(
    server,
    self,
    new URL(back.headers.get('Location') ?? ''),
    oauth.expectNoState,
  );
  const answer = await oauth.authorizationCodeGrantRequest(
    server,
    self,
    oauth.None(),
    params,
    spa.redirect_uris[0] ?? '',
    verifier,
    options,
  );
  t.is(answer.headers.get('Access-Control-Allow-Origin'), origin);
  const tokens = await oauth.processAuthorizationCodeResponse(server, self, answer, {
    requireIdToken: true,
  });
  t.is(decodeJwt(tokens.access_token)['scope'], 'orders.read');
  for (const { headers } of answers) t.truthy(headers.get('Access-Control-Allow-Origin'));
});

for (const redirectUri of [
  'http://127.0.0.1:53682/callback',
  'http://127.0.0.1/callback',
  'com.example.orders:/callback',
]) {
  test(`a native client comes back at ${redirectUri}`, async (t) => {
    const native = gatehouse.client('native');
    const agent = createAgent(gatehouse.issuer);
    const url = authorizeUrl(gatehouse, native, { redirect_uri: redirectUri });
    const back = await proceed(gatehouse, agent, await agent.get(url));
    t.is(callback(back).uri, redirectUri);
    const code = callback(back).params.get('code') ?? '';
    const answer = await redeem(gatehouse, native, code, { redirect_uri: redirectUri });
    t.is(answer.status, 200, answer.text);
    t.is(answer.body['token_type'], 'Bearer');
  });
}

test('state and nonce are echoed as sent, and the issuer is named', async (t) => {
  const web = gatehouse.client('web');
  const state = `${'x'.repeat(124)}-._~`;
  const nonce = `${'n'.repeat(39)}-._~`;
  const given = await authorize(gatehouse, web, { state, nonce });
  t.deepEqual([...given.keys()].sort(), ['code', 'iss', 'state']);
  t.is(given.get('state'), state);
  t.is(given.get('iss'), gatehouse.issuer);
  const { body } = await redeem(gatehouse, web, given.get('code') ?? '');
  t.is(decodeJwt(String(body['id_token']))['nonce'], nonce);
});

test('without state and nonce there is neither in the answer', async (t) => {
  const web = gatehouse.client('web');
  const given = await authorize(gatehouse, web);
  t.deepEqual([...given.keys()].sort(), ['code', 'iss']);
  const { body } = await redeem(gatehouse, web, given.get('code') ?? '');
  t.false('nonce' in decodeJwt(String(body['id_token'])));
});

test('response_mode=form_post answers with a form that posts the code to the client', async (t) => {
  const web = gatehouse.client('web');
  const agent = createAgent(gatehouse.issuer);
  const url = authorizeUrl(gatehouse, web, { response_mode: 'form_post', state: 'a"b<c' });
  const page = await proceed(gatehouse, agent, await agent.get(url));
  t.is(page.status, 200);
  const form = page.html.querySelector('form');
  t.is(form?.getAttribute('action'), web.redirect_uris[0]);
  t.is(form?.getAttribute('method')?.toLowerCase(), 'post');
  const field = (name: string) => form?.querySelector(`[name=${name}]`)?.getAttribute('value');
  t.is(field('state'), 'a"b<c');
  t.is(field('iss'), gatehouse.issuer);
  const policy = page.headers.get('Content-Security-Policy') ?? '';
  const script = page.html.querySelector('script:not([src])')?.textContent;
  const hash = script && createHash('sha256').update(script).digest('base64');
  t.true(policy.includes(hash ? `'sha256-${hash}'` : "script-src 'self'"), policy);
  t.notRegex(policy, /form-action 'self'(;|$)/, 'the form may leave this origin');
  t.true(hasButton(page, 'Continue'), 'it works without the script, too');
  t.is((await redeem(gatehouse, web, field('code') ?? '')).status, 200);
});

test('a code works once: its second use is refused and revokes what the first gave', async (t) => {
  const web = gatehouse.client('web');
  const given = await authorize(gatehouse, web, { scope: 'openid offline_access' });
  const code = given.get('code') ?? '';
  const first = await redeem(gatehouse, web, code);
  const userinfo = () =>
    send(`${gatehouse.issuer}/userinfo`, {
      headers: { Authorization: `Bearer ${first.body['access_token']}` },
    });
  t.is((await userinfo()).status, 200);
  assertRefused(t, await redeem(gatehouse, web, code), {
    error: 'invalid_grant',
    description: /already redeemed/,
  });
  t.is((await userinfo()).status, 401);
  assertRefused(t, await refresh(gatehouse, web, first.body['refresh_token']), {
    error: 'invalid_grant',
    description: /revoked/,
  });
});

test('a code that has expired is refused', async (t) => {
  const web = gatehouse.client('web');
  const code = (await authorize(gatehouse, web)).get('code') ?? '';
  const query = await gatehouse.db.query();
  const aged = await query('oidc_payloads')
    .where({ model: 'AuthorizationCode', id: digest(code) })
    .update({ expires_at: query.raw("now() - interval '1 second'") });
  t.is(aged, 1);
  assertRefused(t, await redeem(gatehouse, web, code), {
    error: 'invalid_grant',
    description: /expired: exchange it within 60 seconds/,
  });
});

test('a code that was never issued is refused', async (t) => {
  assertRefused(t, await redeem(gatehouse, gatehouse.client('web'), 'A'.repeat(43)), {
    error: 'invalid_grant',
    description: /code is unknown/,
  });
});

test("another client cannot redeem a code, and its attempt does not burn the owner's", async (t) => {
  const web = gatehouse.client('web');
  const code = (await authorize(gatehouse, web)).get('code') ?? '';
  const thief = gatehouse.client('third-party');
  const stolen = await redeem(gatehouse, thief, code, { redirect_uri: web.redirect_uris[0] });
  assertRefused(t, stolen, { error: 'invalid_grant', description: /another client/ });
  t.is((await redeem(gatehouse, web, code)).status, 200);
});

const attempts: { with: string; params: Record<string, string>; description: RegExp }[] = [
  {
    with: 'a wrong code_verifier',
    params: { code_verifier: 'a'.repeat(43) },
    description: /code_verifier does not match .*S256/,
  },
  {
    with: 'a wrong redirect_uri',
    params: { redirect_uri: 'http://127.0.0.1:9/elsewhere' },
    description: /redirect_uri differs .* the path/,
  },
];
for (const attempt of attempts) {
  test(`an exchange with ${attempt.with} is refused and does not burn the code`, async (t) => {
    const web = gatehouse.client('web');
    const code = (await authorize(gatehouse, web)).get('code') ?? '';
    assertRefused(t, await redeem(gatehouse, web, code, attempt.params), {
      error: 'invalid_grant',
      description: attempt.description,
    });
    t.is((await redeem(gatehouse, web, code)).status, 200);
  });
}

test('a confidential client must authenticate to redeem its code', async (t) => {
  const web = gatehouse.client('web');
  const code = (await authorize(gatehouse, web)).get('code') ?? '';
  const answer = await redeem(gatehouse, { ...web, client_secret: '' }, code);
  assertRefused(t, answer, {
    error: 'invalid_client',
    description: /client authentication failed.*method/,
  });
  t.is((await redeem(gatehouse, web, code)).status, 200);
});

test('tokens and refusals are never cached', async (t) => {
  const web = gatehouse.client('web');
  const code = (await authorize(gatehouse, web)).get('code') ?? '';
  const first = await redeem(gatehouse, web, code);
  for (const answer of [first, await redeem(gatehouse, web, code)])
    t.is(answer.headers.get('Cache-Control'), 'no-store');
});

test('a first-party client shows no consent page, and a session signs in silently', async (t) => {
  const agent = createAgent(gatehouse.issuer);
  const page = await agent.get(authorizeUrl(gatehouse, gatehouse.client('web')));
  t.true(hasButton(page, 'Sign in'));
  const { code } = Object.fromEntries(callback(await proceed(gatehouse, agent, page)).params);
  t.truthy(code);
  const spa = gatehouse.client('spa');
  t.truthy(callback(await agent.get(authorizeUrl(gatehouse, spa))).params.get('code'));
  const tokens = await signInFor(gatehouse, spa, {}, { agent });
  t.truthy(tokens['id_token']);
});

test('the token endpoint takes forms only', async (t) => {
  const answer = await post(gatehouse, '/token', {}, { 'Content-Type': 'application/json' });
  assertRefused(t, answer, {
    error: 'invalid_request',
    description: /application\/x-www-form-urlencoded/,
  });
});
