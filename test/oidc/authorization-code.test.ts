import test from 'ava';
import * as client from 'openid-client';
import { createAgent } from '../_agent.ts';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';

let gatehouse: Gatehouse;
test.before(async () => {
  gatehouse = await startGatehouse();
});
test.after.always(() => gatehouse?.stop());

test('a confidential client signs a person in, refreshes and reads userinfo', async (t) => {
  const web = gatehouse.client('web');
  const config = await client.discovery(
    new URL(gatehouse.issuer),
    web.client_id,
    web.client_secret,
    client.ClientSecretBasic(web.client_secret ?? ''),
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
  const signIn = await agent.get(url.href);
  const back = await agent.submit(signIn, 'Sign in', {
    email: admin?.email ?? '',
    password: admin?.password ?? '',
  });
  const callback = new URL(back.headers.get('Location') ?? '');
  const tokens = await client.authorizationCodeGrant(config, callback, {
    pkceCodeVerifier: verifier,
    expectedNonce: nonce,
    expectedState: state,
    idTokenExpected: true,
  });
  t.truthy(tokens.refresh_token);
  const { sub } = tokens.claims() ?? { sub: '' };
  const info = await client.fetchUserInfo(config, tokens.access_token, sub);
  t.is(info.email, admin?.email);
  const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token ?? '');
  t.truthy(refreshed.access_token);
});
