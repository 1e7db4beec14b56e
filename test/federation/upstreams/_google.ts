// A fake of Google: an OpenID Connect provider whose endpoints are on four hosts.
import { usesPost } from './_authorization-server.ts';
import type { Claims } from './_fake.ts';
import { createOidc, type OidcFake } from './_oidc.ts';

/** `person` changes the claims of its one person, who has a consumer account. */
export function createGoogle(person: Claims = {}): OidcFake {
  return createOidc({
    issuer: 'https://accounts.google.com',
    endpoints: {
      authorization: 'https://accounts.google.com/o/oauth2/v2/auth',
      token: 'https://oauth2.googleapis.com/token',
      userinfo: 'https://openidconnect.googleapis.com/v1/userinfo',
      jwks: 'https://www.googleapis.com/oauth2/v3/certs',
    },
    person: { sub: '108500000000000000001', email: 'jo@gmail.com', ...person },
    shape: { isClient: usesPost },
  });
}
