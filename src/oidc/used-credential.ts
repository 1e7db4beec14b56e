// The credential that a request authenticated with.
import { compactVerify, importJWK, type JWK, type ProtectedHeaderParameters } from 'jose';
import type { KoaContextWithOIDC } from 'oidc-provider';
import type { Client } from '../storage/clients.ts';

const used = new WeakMap<object, string>();

/** Remembers which credential opened the door for a request. */
export function noteUsed(ctx: KoaContextWithOIDC, credentialId: string): void {
  used.set(ctx.oidc, credentialId);
}

/** The id of the credential; undefined: none that is stored here. */
export function usedCredential(ctx: KoaContextWithOIDC): string | undefined {
  return used.get(ctx.oidc);
}

/** Which of the keys signed an assertion that the library has verified; undefined: one from a jwks_uri. */
export async function findUsedKey(
  { keys, jwksUri }: Client,
  assertion: string,
  { kid, alg = '' }: ProtectedHeaderParameters & { alg?: string },
): Promise<string | undefined> {
  if (kid !== undefined || (keys.length === 1 && jwksUri === undefined))
    return keys.find(({ jwk }) => kid === undefined || jwk['kid'] === kid)?.id;
  for (const { id, jwk } of keys) {
    const verified = importJWK(jwk as JWK, alg).then((key) => compactVerify(assertion, key));
    if (await verified.catch(() => undefined)) return id;
  }
  return undefined;
}
