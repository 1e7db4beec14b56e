// A fake of GitLab: names stand in userinfo only.
import { usesPost } from './_authorization-server.ts';
import type { Claims } from './_fake.ts';
import { createOidc, type OidcFake } from './_oidc.ts';

/** `base`: of a GitLab of one's own. */
export function createGitLab(base = 'https://gitlab.com', changes: Claims = {}): OidcFake {
  const fake = createOidc({
    issuer: base,
    endpoints: {
      authorization: `${base}/oauth/authorize`,
      token: `${base}/oauth/token`,
      userinfo: `${base}/oauth/userinfo`,
      jwks: `${base}/oauth/discovery/keys`,
    },
    person: { sub: '4711', ...changes },
    shape: {
      isClient: usesPost,
      idToken: () => {
        const { email, email_verified, sub } = fake.person;
        return { sub, email, email_verified, groups_direct: ['acme'] };
      },
    },
  });
  return fake;
}
