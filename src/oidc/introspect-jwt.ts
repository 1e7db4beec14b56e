// Introspection of our own JWT access tokens, which the library refuses (RFC 7662): it has
// authenticated the client by then, so what is left is the token and who may know of it.
import { createLocalJWKSet, type JSONWebKeySet, type JWTPayload, jwtVerify } from 'jose';
import type { KoaContextWithOIDC } from 'oidc-provider';
import type { Account } from '../accounts/account.ts';
import type { Catalog } from '../catalog/apis.ts';
import type { ClientLookup } from './client-lookup.ts';
import { apiScopes, entitledScopes } from './requested-api.ts';

export interface JwtIntrospectionDeps {
  issuer: string;
  catalog: Catalog;
  clients: ClientLookup;
  jwks: () => JSONWebKeySet;
  findAccount: (id: string) => Promise<Account | undefined>;
}

/** True when the library refused an introspection only because the token is a JWT. */
export function isRefusedJwt(ctx: KoaContextWithOIDC): boolean {
  const body: unknown = ctx.body;
  const refused = typeof body === 'object' && body !== null && 'error' in body && body.error;
  return ctx.oidc?.route === 'introspection' && refused === 'unsupported_token_type';
}

/** Answers for the API that the token is for and for the client that it was issued to, nobody else. */
export async function introspectJwt(
  ctx: KoaContextWithOIDC,
  deps: JwtIntrospectionDeps,
): Promise<void> {
  const claims = await verify(String(ctx.oidc.params?.['token']), deps);
  const active =
    claims !== undefined && (await mayKnow(ctx, claims, deps)) && (await lives(claims, deps));
  ctx.status = 200;
  ctx.body = active ? { active, token_type: 'Bearer', ...claims } : { active: false };
}

async function verify(token: string, deps: JwtIntrospectionDeps): Promise<JWTPayload | undefined> {
  try {
    const { payload, protectedHeader } = await jwtVerify(token, createLocalJWKSet(deps.jwks()), {
      issuer: deps.issuer,
    });
    const apis = await deps.catalog.all();
    const api = apis.find(({ audience }) => audience === payload.aud);
    // An ID token has another audience, and neither it nor a logout token is an access token.
    return api && protectedHeader.typ === api.typ ? payload : undefined;
  } catch {
    return undefined;
  }
}

async function mayKnow(ctx: KoaContextWithOIDC, claims: JWTPayload, deps: JwtIntrospectionDeps) {
  const asking = ctx.oidc.client?.clientId;
  if (asking === claims['client_id']) return true;
  const apis = await deps.catalog.all();
  return apis.some((api) => api.audience === claims.aud && api.clientId === asking);
}

// What would not be issued now is not active, as far as introspection goes: a blocked account, a
// stopped client, a suspended API or subscription.
async function lives(claims: JWTPayload, deps: JwtIntrospectionDeps): Promise<boolean> {
  const clientId = String(claims['client_id']);
  const client = await deps.clients.find(clientId);
  const api = (await deps.catalog.all()).find(({ audience }) => audience === claims.aud);
  if (!client || !api || api.suspendedAt) return false;
  const entitled = entitledScopes(api, client);
  if (!apiScopes(claims['scope']).every((scope) => entitled.includes(scope))) return false;
  return claims.sub === clientId || (await deps.findAccount(String(claims.sub))) !== undefined;
}
