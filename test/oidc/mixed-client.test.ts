// One client id for a console's server-side exchange (web, secret) and its browser exchange (spa,
// PKCE, CORS), as Azure API Management has it: neither door may open the other.

import { decodeJwt } from 'jose';
import type { DemoClient } from '../../src/demo/demo-file.ts';
import { createAgent } from '../_agent.ts';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { test } from '../_one-at-a-time.ts';
import {
  assertRefused,
  assertRefusedByRedirect,
  authorize,
  authorizeUrl,
  type Params,
  redeem,
  requestToken,
} from '../_protocol.ts';

const SANDBOX = 'https://sandbox.api.example.com/orders';
const PRODUCTION = 'https://api.example.com/orders';

let gatehouse: Gatehouse;
test.before(async () => {
  gatehouse = await startGatehouse();
});
test.after.always(() => gatehouse?.stop());

const withSecret = () => gatehouse.client('console');
const withoutSecret = (): DemoClient => ({ ...withSecret(), client_secret: '' });
const uriOf = (type: string) => {
  const types = Object.entries(withSecret().redirect_uri_types ?? {});
  return types.find(([, of]) => of === type)?.[0] ?? '';
};

async function codeFor(type: string, params: Params = {}): Promise<string> {
  const request = { scope: 'orders.read', redirect_uri: uriOf(type), ...params };
  return (await authorize(gatehouse, withSecret(), request)).get('code') ?? '';
}

// What the portal's page sends, see RFC 6749 section 4.1.3: no secret, an Origin, a custom header.
const fromBrowser = (code: string, params: Params = {}, origin = gatehouse.portalUrl) =>
  redeem(
    gatehouse,
    withoutSecret(),
    code,
    { redirect_uri: uriOf('spa'), ...params },
    { Origin: origin, 'X-Requested-With': 'XMLHttpRequest' },
  );

test('the browser exchange works without a secret, from the registered origin', async (t) => {
  const answer = await fromBrowser(await codeFor('spa'));
  t.is(answer.status, 200, answer.text);
  t.is(answer.headers.get('Access-Control-Allow-Origin'), gatehouse.portalUrl);
  t.regex(answer.headers.get('Vary') ?? '', /Origin/i);
});

test('the preflight of the browser exchange lets X-Requested-With pass', async (t) => {
  const answer = await fetch(`${gatehouse.issuer}/token`, {
    method: 'OPTIONS',
    headers: {
      Origin: gatehouse.portalUrl,
      'Access-Control-Request-Method': 'POST',
      'Access-Control-Request-Headers': 'x-requested-with',
    },
  });
  t.true([200, 204].includes(answer.status));
  t.is(answer.headers.get('Access-Control-Allow-Origin'), gatehouse.portalUrl);
  t.regex(answer.headers.get('Access-Control-Allow-Methods') ?? '', /POST/);
  t.regex(answer.headers.get('Access-Control-Allow-Headers') ?? '', /x-requested-with/i);
});

test('the server-side exchange works with the secret in Basic or in the body', async (t) => {
  const params = { redirect_uri: uriOf('web') };
  t.is((await redeem(gatehouse, withSecret(), await codeFor('web'), params)).status, 200);
  const { client_id, client_secret } = withSecret();
  const inBody = { ...params, client_id, client_secret };
  t.is((await redeem(gatehouse, withoutSecret(), await codeFor('web'), inBody)).status, 200);
});

for (const type of ['web', 'spa']) {
  test(`a ${type} token is for the sandbox, lives 300 seconds and cannot be refreshed`, async (t) => {
    const code = await codeFor(type, { scope: 'openid orders.read offline_access' });
    const answer =
      type === 'spa'
        ? await fromBrowser(code)
        : await redeem(gatehouse, withSecret(), code, { redirect_uri: uriOf('web') });
    t.is(answer.status, 200, answer.text);
    t.false('refresh_token' in answer.body);
    t.is(answer.body['expires_in'], 300);
    const claims = decodeJwt(String(answer.body['access_token']));
    t.is(claims.aud, SANDBOX);
    t.is((claims.exp ?? 0) - (claims.iat ?? 0), 300);
    t.is(claims['azp'], withSecret().client_id);
    t.is(claims['scope'], 'orders.read');
  });
}

test('its machine token is for the sandbox and lives 300 seconds, too', async (t) => {
  const answer = await requestToken(gatehouse, withSecret(), { grant_type: 'client_credentials' });
  t.is(answer.body['expires_in'], 300, answer.text);
  t.false('refresh_token' in answer.body);
  const claims = decodeJwt(String(answer.body['access_token']));
  t.is(claims.aud, SANDBOX);
  t.is(claims.sub, withSecret().client_id);
});

test('it gets no production token, in whatever way it asks', async (t) => {
  const machine = { grant_type: 'client_credentials', resource: PRODUCTION };
  assertRefused(t, await requestToken(gatehouse, withSecret(), machine), {
    error: 'invalid_target',
    description: /was given no scope of https:\/\/api\.example\.com\/orders/,
  });
  const url = authorizeUrl(gatehouse, withSecret(), {
    redirect_uri: uriOf('spa'),
    scope: 'orders.read',
    resource: PRODUCTION,
  });
  assertRefusedByRedirect(t, await createAgent(gatehouse.issuer).get(url), {
    issuer: gatehouse.issuer,
    uri: uriOf('spa'),
    error: 'invalid_target',
    description: /was given no scope of https:\/\/api\.example\.com\/orders/,
  });
});

test('a web code cannot be redeemed without the secret, under either redirect URI', async (t) => {
  const code = await codeFor('web');
  const asWeb = await redeem(gatehouse, withoutSecret(), code, { redirect_uri: uriOf('web') });
  assertRefused(t, asWeb, { error: 'invalid_client', description: /client authentication failed/ });
  const asSpa = await redeem(gatehouse, withoutSecret(), code, { redirect_uri: uriOf('spa') });
  assertRefused(t, asSpa, { error: 'invalid_grant', description: /redirect_uri differs.*path/ });
  const owner = await redeem(gatehouse, withSecret(), code, { redirect_uri: uriOf('web') });
  t.is(owner.status, 200);
});

test('a web code issued without PKCE cannot be redeemed as a browser', async (t) => {
  const code = await codeFor('web', {
    code_challenge: undefined,
    code_challenge_method: undefined,
  });
  assertRefused(t, await fromBrowser(code, { code_verifier: undefined }), {
    error: 'invalid_grant',
    description: /redirect_uri differs/,
  });
});

test('a spa code is redeemed with its own redirect URI only', async (t) => {
  const code = await codeFor('spa');
  const missing = await fromBrowser(code, { redirect_uri: undefined });
  t.is(missing.status, 400);
  t.true(['invalid_request', 'invalid_client'].includes(String(missing.body['error'])));
  assertRefused(t, await redeem(gatehouse, withSecret(), code, { redirect_uri: uriOf('web') }), {
    error: 'invalid_grant',
    description: /redirect_uri differs.*path/,
  });
  t.is((await fromBrowser(code)).status, 200);
});

// Azure API Management lower-cases the URI at authorization and not at the exchange.
test('a redirect URI that differs in letter case is told so', async (t) => {
  const redirectUri = uriOf('spa').replace(/gatehouse$/, 'Gatehouse');
  assertRefused(t, await fromBrowser(await codeFor('spa'), { redirect_uri: redirectUri }), {
    error: 'invalid_grant',
    description: /redirect_uri.*case/,
  });
});

test('a spa code needs its code_verifier', async (t) => {
  const answer = await fromBrowser(await codeFor('spa'), { code_verifier: undefined });
  assertRefused(t, answer, { error: 'invalid_grant', description: /code_verifier is missing/ });
});

test('a secret that comes from a browser is refused, even from the registered origin', async (t) => {
  const Origin = gatehouse.portalUrl;
  const inHeader = await redeem(
    gatehouse,
    withSecret(),
    await codeFor('spa'),
    { redirect_uri: uriOf('spa') },
    { Origin },
  );
  const { client_id, client_secret } = withSecret();
  const machine = { grant_type: 'client_credentials', client_id, client_secret };
  const inBody = await requestToken(gatehouse, withoutSecret(), machine, { Origin });
  for (const answer of [inHeader, inBody]) {
    assertRefused(t, answer, { error: 'invalid_request', description: /origin .* not allowed/ });
    t.false(answer.headers.has('Access-Control-Allow-Origin'));
  }
});

for (const origin of ['https://evil.example', 'null', 'http://127.0.0.1:10']) {
  test(`the origin ${origin} cannot redeem a spa code and reads no answer`, async (t) => {
    const code = await codeFor('spa');
    const answer = await fromBrowser(code, {}, origin);
    assertRefused(t, answer, { error: 'invalid_request', description: /origin .* not allowed/ });
    t.false(answer.headers.has('Access-Control-Allow-Origin'));
    t.is((await fromBrowser(code)).status, 200);
  });
}

for (const grantType of ['client_credentials', 'refresh_token']) {
  test(`without its secret it cannot use ${grantType}`, async (t) => {
    const answer = await requestToken(gatehouse, withoutSecret(), {
      grant_type: grantType,
      refresh_token: 'A'.repeat(43),
      redirect_uri: uriOf('spa'),
    });
    assertRefused(t, answer, {
      error: 'unauthorized_client',
      description: /grant type .*not allowed for this client/,
    });
  });
}
