import * as client from 'openid-client';

const config = await client.discovery(
  new URL('{{issuer}}'),
  '{{client_id}}',
  undefined,
  client.ClientSecretBasic(process.env.CLIENT_SECRET),
  { execute: [client.allowInsecureRequests] }, // @http this issuer speaks plain http
);

// Good for tokens.expires_in seconds: keep it and use it for every call until then.
const tokens = await client.clientCredentialsGrant(config, {
  scope: '{{scope}}',
  resource: '{{resource}}',
});

const response = await fetch('{{example_url}}', {
  headers: { Authorization: `Bearer ${tokens.access_token}` },
});
console.log(response.status, await response.text());
