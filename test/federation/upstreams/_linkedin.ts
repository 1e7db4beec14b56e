// A fake of LinkedIn: repeats no nonce, takes no PKCE and no Basic, and has an object for a locale.
import { usesPost } from './_authorization-server.ts';
import { type Claims, json } from './_fake.ts';
import { createOidc, type OidcFake } from './_oidc.ts';

const ISSUER = 'https://www.linkedin.com/oauth';

const STALE =
  'Unable to retrieve access token: appid/redirect uri/code verifier does not match authorization code. Or authorization code expired.';

/** `person` changes the claims of its one person. */
export function createLinkedIn(person: Claims = {}): OidcFake {
  return createOidc({
    issuer: ISSUER,
    endpoints: {
      authorization: `${ISSUER}/v2/authorization`,
      token: `${ISSUER}/v2/accessToken`,
      userinfo: 'https://api.linkedin.com/v2/userinfo',
      jwks: `${ISSUER}/openid/jwks`,
    },
    metadata: { code_challenge_methods_supported: undefined },
    person: { sub: '782bbtaQ', locale: { country: 'DE', language: 'de' }, ...person },
    shape: {
      isClient: (request, body) => usesPost(request, body) && !body.has('code_verifier'),
      tokenError: ({ error }) =>
        error === 'invalid_client'
          ? json({ error, error_description: 'Client authentication failed' }, 401)
          : json({ error: 'invalid_request', error_description: STALE }, 400),
    },
  });
}
