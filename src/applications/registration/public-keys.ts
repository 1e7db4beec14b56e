// The key set of a client that authenticates by private_key_jwt (RFC 7517): public keys that work.
import { createPublicKey, type JsonWebKey } from 'node:crypto';
import { calculateJwkThumbprint, type JWK } from 'jose';

/** RFC 7518 section 6: what is private, and `k`, which is one secret for both sides. */
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];
const LEAST_RSA_BITS = 2048;

/** Says what is wrong with a key set, in words; undefined when it is fine. */
export function publicKeysProblem(jwks: { keys: Record<string, unknown>[] }): string | undefined {
  if (jwks.keys.length === 0) return 'jwks must hold at least one public key';
  for (const [index, key] of jwks.keys.entries()) {
    const problem = publicKeyProblem(key);
    if (problem) return `jwks.keys[${index}] ${problem}`;
  }
  const kids = jwks.keys.flatMap(({ kid }) => kid ?? []);
  return new Set(kids).size < kids.length ? 'jwks holds two keys with one kid' : undefined;
}

/** The keys, each with a `kid`: one without is known by its thumbprint (RFC 7638). */
export function withKeyIds(
  keys: Record<string, unknown>[],
): Promise<(Record<string, unknown> & { kid: string })[]> {
  return Promise.all(
    keys.map(async (key) => {
      const { kid } = key;
      return {
        ...key,
        kid: typeof kid === 'string' ? kid : await calculateJwkThumbprint(key as JWK),
      };
    }),
  );
}

function publicKeyProblem(key: Record<string, unknown>): string | undefined {
  if (PRIVATE_MEMBERS.some((member) => member in key))
    return 'holds a private or symmetric key: register its public part only';
  const { kid } = key;
  if (kid !== undefined && !(typeof kid === 'string' && /^[\x20-\x7e]{1,200}$/.test(kid)))
    return 'has a kid that is not 1 to 200 printable ASCII characters';
  try {
    const { asymmetricKeyDetails } = createPublicKey({ key: key as JsonWebKey, format: 'jwk' });
    const bits = asymmetricKeyDetails?.modulusLength;
    return bits !== undefined && bits < LEAST_RSA_BITS
      ? `must have at least ${LEAST_RSA_BITS} bits`
      : undefined;
  } catch {
    return 'is not a public key of type RSA, EC or OKP';
  }
}
