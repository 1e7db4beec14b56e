import { once } from 'node:events';
import { createServer } from 'node:http';
import * as client from 'openid-client';

const config = await client.discovery(
  new URL('{{issuer}}'),
  '{{client_id}}',
  undefined,
  client.None(),
  { execute: [client.allowInsecureRequests] }, // @http this issuer speaks plain http
);

// A free port of this machine: the server takes any.
const server = createServer().listen(0, '127.0.0.1');
await once(server, 'listening');
const redirectUri = 'http://{{loopback_host}}:' + server.address().port + '{{callback_path}}';

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
console.log(`Open ${url}`);

const [request, response] = await once(server, 'request');
response.end('You may close this window.');
server.close();
const tokens = await client.authorizationCodeGrant(config, new URL(request.url, redirectUri), {
  expectedState: state,
  pkceCodeVerifier: verifier,
});

const answer = await fetch('{{example_url}}', {
  headers: { Authorization: `Bearer ${tokens.access_token}` },
});
console.log(answer.status, await answer.text());
