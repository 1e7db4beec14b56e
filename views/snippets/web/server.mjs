import { createServer } from 'node:http';
import * as client from 'openid-client';

const redirectUri = '{{redirect_uri}}';
const config = await client.discovery(
  new URL('{{issuer}}'),
  '{{client_id}}',
  undefined,
  client.ClientSecretBasic(process.env.CLIENT_SECRET),
  { execute: [client.allowInsecureRequests] }, // @http this issuer speaks plain http
);

createServer(async (request, response) => {
  const url = new URL(request.url, redirectUri);
  try {
    if (url.pathname === '{{start_path}}') await begin(response);
    else if (url.pathname === new URL(redirectUri).pathname) await finish(url, request, response);
    else response.writeHead(404).end();
  } catch (error) {
    response.writeHead(400).end(`${error.message} ${error.error_description ?? ''}`);
  }
}).listen('{{port}}', () => console.log('Open {{start_url}}'));

// Sends the browser to sign in. It keeps what proves, when it comes back, that it is the same one.
async function begin(response) {
  const state = client.randomState();
  const verifier = client.randomPKCECodeVerifier();
  const url = client.buildAuthorizationUrl(config, {
    redirect_uri: redirectUri,
    scope: '{{openid_scope}}',
    resource: '{{resource}}',
    state,
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
  });
  const secure = redirectUri.startsWith('https:') ? '; Secure' : '';
  response.setHeader(
    'Set-Cookie',
    `sign_in=${state}.${verifier}; HttpOnly; SameSite=Lax; Path=/${secure}`,
  );
  response.writeHead(302, { Location: url.href }).end();
}

// Exchanges the code for tokens and calls the API.
async function finish(url, request, response) {
  const [, state, verifier] = /sign_in=([^.;]+)\.([^;]+)/.exec(request.headers.cookie ?? '') ?? [];
  const tokens = await client.authorizationCodeGrant(config, url, {
    expectedState: state,
    pkceCodeVerifier: verifier,
  });
  const answer = await fetch('{{example_url}}', {
    headers: { Authorization: `Bearer ${tokens.access_token}` },
  });
  response.setHeader('Content-Type', 'text/plain; charset=utf-8');
  response.end(`${tokens.claims().sub}\n${answer.status} ${await answer.text()}\n`);
}
