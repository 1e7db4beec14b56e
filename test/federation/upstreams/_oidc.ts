// A fake of any OpenID Connect provider that publishes its endpoints.
import {
  createAuthorizationServer,
  type FakeServer,
  type ServerShape,
  usesBasic,
} from './_authorization-server.ts';
import { type Claims, createSigningKeys, json } from './_fake.ts';

export interface OidcFake extends FakeServer {
  /** Claims of the person, to be changed at will. */
  person: Claims;
}

export interface OidcOptions {
  issuer?: string;
  person?: Claims;
  /** Changes to the discovery document. */
  metadata?: Record<string, unknown>;
  /** Claims of userinfo; those of the person unless given. */
  userinfo?: () => Claims;
  /** Where its endpoints are not below the issuer. */
  endpoints?: Partial<Record<'authorization' | 'token' | 'userinfo' | 'jwks', string>>;
  shape?: Partial<ServerShape>;
}

/** A provider with discovery, keys, userinfo and ID tokens. */
export function createOidc(options: OidcOptions = {}): OidcFake {
  const issuer = options.issuer ?? 'https://login.example.org';
  const at = {
    authorization: `${issuer}/authorize`,
    token: `${issuer}/token`,
    userinfo: `${issuer}/userinfo`,
    jwks: `${issuer}/jwks`,
    ...options.endpoints,
  };
  const keys = createSigningKeys();
  const person: Claims = {
    sub: 'person-1',
    email: 'jo@example.org',
    email_verified: true,
    given_name: 'Jo',
    family_name: 'Doe',
    name: 'Jo Doe',
    ...options.person,
  };
  const metadata = {
    issuer,
    authorization_endpoint: at.authorization,
    token_endpoint: at.token,
    userinfo_endpoint: at.userinfo,
    jwks_uri: at.jwks,
    response_types_supported: ['code'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
    code_challenge_methods_supported: ['S256'],
    ...options.metadata,
  };
  const server = createAuthorizationServer({
    origins: [...new Set([issuer, ...Object.values(at)].map((url) => new URL(url).origin))],
    issuer,
    authorizationEndpoint: at.authorization,
    tokenEndpoint: at.token,
    isClient: usesBasic,
    idToken: () => person,
    keys,
    ...options.shape,
    routes: {
      [`${issuer}/.well-known/openid-configuration`]: {
        place: 'discovery',
        answer: () => json(metadata),
      },
      [at.jwks]: { place: 'keys', answer: async () => json(await keys.jwks()) },
      [at.userinfo]: {
        place: 'api',
        answer: () => json(options.userinfo?.() ?? person),
      },
      ...options.shape?.routes,
    },
  });
  return Object.assign(server, { person });
}
