// A fake of Apple: a POST back to us, a client secret that is a JWT, the name once and unsigned.
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { decodeJwt, jwtVerify } from 'jose';
import { type Asked, CLIENT_ID } from './_authorization-server.ts';
import type { Claims } from './_fake.ts';
import { createOidc, type OidcFake } from './_oidc.ts';

const ISSUER = 'https://appleid.apple.com';

/** What an administrator gets from Apple. */
export const APPLE_TEAM = { team_id: 'TEAM123456', key_id: 'KEY1234567' };

export const newPrivateKey = () =>
  generateKeyPairSync('ec', { namedCurve: 'P-256' })
    .privateKey.export({ format: 'pem', type: 'pkcs8' })
    .toString();
export const APPLE_PRIVATE_KEY = newPrivateKey();

export interface AppleFake extends OidcFake {
  /** The field `user` of the next callback: of a first consent, or as somebody rewrote it. */
  userField: string | undefined;
}

/** `person` changes the claims of its one person. */
export function createApple(person: Claims = {}): AppleFake {
  const oidc = createOidc({
    issuer: ISSUER,
    endpoints: {
      authorization: `${ISSUER}/auth/authorize`,
      token: `${ISSUER}/auth/token`,
      jwks: `${ISSUER}/auth/keys`,
    },
    metadata: { userinfo_endpoint: undefined },
    person: {
      sub: '001234.0123456789abcdef0123456789abcdef.1234',
      // As text, as Apple did for years and may again.
      email_verified: 'true',
      given_name: undefined,
      family_name: undefined,
      name: undefined,
      ...person,
    },
    shape: {
      isClient: async (_request, body) => isMinted(body.get('client_secret') ?? ''),
      callback(asked) {
        checkResponseMode(asked);
        return fake.userField === undefined ? {} : { user: fake.userField };
      },
    },
  });
  const fake = Object.assign(oidc, {
    userField: JSON.stringify({ name: { firstName: 'Jo', lastName: 'Doe' } }),
  });
  return fake;
}

async function isMinted(secret: string): Promise<boolean> {
  try {
    const { protectedHeader } = await jwtVerify(secret, createPublicKey(APPLE_PRIVATE_KEY), {
      algorithms: ['ES256'],
      audience: ISSUER,
      issuer: APPLE_TEAM.team_id,
      subject: CLIENT_ID,
      requiredClaims: ['iat', 'exp'],
    });
    const { exp = 0, iat = 0 } = decodeJwt(secret);
    return protectedHeader.kid === APPLE_TEAM.key_id && exp - iat <= 300;
  } catch {
    return false;
  }
}

function checkResponseMode({ params, scopes }: Asked): void {
  const asksForMore = scopes.includes('name') || scopes.includes('email');
  if (asksForMore && params.get('response_mode') !== 'form_post')
    throw new Error('response_mode must be form_post when name or email scope is requested');
}
