// Access tokens for our own API, verified as any resource server would (RFC 9068 section 4), and then
// by what only we know: whether the account and the client are still what they were.
import { createLocalJWKSet, type JSONWebKeySet, type JWTPayload, jwtVerify } from 'jose';
import type { Account } from '../accounts/account.ts';
import type { Catalog } from '../catalog/apis.ts';
import { OWN_API_ID } from '../catalog/own-api.ts';
import type { ClientLookup } from './client-lookup.ts';
import { entitledScopes } from './requested-api.ts';

export interface OwnApiToken {
  clientId: string;
  /** The person; undefined: the client acts for itself. */
  account: Account | undefined;
  /** Those of the token that the client is still given. */
  scopes: string[];
}

/** Resolves with what a token stands for, undefined when it stands for nothing (any more). */
export type VerifyOwnApiToken = (token: string) => Promise<OwnApiToken | undefined>;

/** Creates the verifier; `jwks` are the keys that this server publishes at the moment. */
export function createOwnApiTokens(deps: {
  issuer: string;
  catalog: Catalog;
  clients: ClientLookup;
  jwks: () => JSONWebKeySet;
  findAccount: (id: string) => Promise<Account | undefined>;
}): VerifyOwnApiToken {
  const { catalog, clients, findAccount } = deps;
  const keySets = new WeakMap<JSONWebKeySet, ReturnType<typeof createLocalJWKSet>>();
  const keys = () => {
    const jwks = deps.jwks();
    const keySet = keySets.get(jwks) ?? createLocalJWKSet(jwks);
    keySets.set(jwks, keySet);
    return keySet;
  };

  return async (token) => {
    const api = (await catalog.all()).find(({ id }) => id === OWN_API_ID);
    if (!api || api.suspendedAt) return undefined;
    const claims = await verify(token, keys(), { issuer: deps.issuer, ...api });
    if (!claims) return undefined;
    const client = await clients.find(claims.client_id);
    if (!client) return undefined;
    const given = entitledScopes(api, client);
    const scopes = claims.scope.split(' ').filter((scope) => given.includes(scope));
    if (claims.sub === client.id) return { clientId: client.id, account: undefined, scopes };
    const account = await findAccount(claims.sub);
    return account && { clientId: client.id, account, scopes };
  };
}

interface Claims extends JWTPayload {
  sub: string;
  client_id: string;
  scope: string;
}

async function verify(
  token: string,
  keys: ReturnType<typeof createLocalJWKSet>,
  { issuer, audience, typ, alg }: { issuer: string; audience: string; typ: string; alg: string },
): Promise<Claims | undefined> {
  try {
    const required = { requiredClaims: ['sub', 'client_id', 'exp', 'jti'] };
    const { payload } = await jwtVerify(token, keys, {
      ...{ issuer, audience, typ, algorithms: [alg], ...required },
    });
    return isComplete(payload) ? payload : undefined;
  } catch {
    return undefined;
  }
}

function isComplete(claims: JWTPayload): claims is Claims {
  return [claims.sub, claims['client_id'], claims['scope']].every((one) => typeof one === 'string');
}
