// The issuer's public keys, found through its discovery document (OpenID Connect Discovery 1.0).
import { createRemoteJWKSet, type JWTVerifyGetKey } from 'jose';

const DISCOVERY_TIMEOUT_MS = 3_000;
// A token with an unknown kid makes the keys be fetched again, but never more often than this.
const REFETCH_COOLDOWN_MS = 2_000;

/** The issuer's documents could not be fetched or make no sense; `message` may be shown. */
export class IssuerUnavailable extends Error {}

/**
 * Returns a function that yields the issuer's key set. Nothing is fetched before the first call;
 * success is kept, failure is tried again on the next call.
 */
export function createIssuerKeys(issuer: string): () => Promise<JWTVerifyGetKey> {
  let keys: Promise<JWTVerifyGetKey> | undefined;
  return () => {
    keys ??= discoverKeys(issuer).catch((error: unknown) => {
      keys = undefined;
      throw error;
    });
    return keys;
  };
}

async function discoverKeys(issuer: string): Promise<JWTVerifyGetKey> {
  const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  const document = await fetchJson(url);
  if (document['issuer'] !== issuer) {
    throw new IssuerUnavailable(`${url} does not name ${issuer} as its issuer`);
  }
  const jwksUri = document['jwks_uri'];
  if (typeof jwksUri !== 'string' || !URL.canParse(jwksUri)) {
    throw new IssuerUnavailable(`${url} has no jwks_uri`);
  }
  return createRemoteJWKSet(new URL(jwksUri), {
    timeoutDuration: DISCOVERY_TIMEOUT_MS,
    cooldownDuration: REFETCH_COOLDOWN_MS,
  });
}

async function fetchJson(url: string): Promise<Record<string, unknown>> {
  try {
    const response = await fetch(url, {
      headers: { accept: 'application/json' },
      redirect: 'error',
      signal: AbortSignal.timeout(DISCOVERY_TIMEOUT_MS),
    });
    if (!response.ok) throw new IssuerUnavailable(`${url} answered ${response.status}`);
    const document: unknown = await response.json();
    // Only the members that are checked one by one are ever read.
    if (document !== null && typeof document === 'object') return { ...document };
    throw new IssuerUnavailable(`${url} is not a JSON object`);
  } catch (error) {
    if (error instanceof IssuerUnavailable) throw error;
    throw new IssuerUnavailable(`${url} cannot be read`, { cause: error });
  }
}
