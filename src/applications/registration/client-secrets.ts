// Client secrets: 256 random bits with a prefix and a checksum, stored as a keyed hash only.
import { createHmac, hash, type KeyObject, randomBytes, timingSafeEqual } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { Client } from '../../storage/clients.ts';

const PREFIX = 'gh_sec_';

/** A new secret: `gh_sec_` + 43 characters + `_` + CRC-32, so that leak scanners can find and check it. */
export function createClientSecret(): string {
  return createSecret(PREFIX);
}

/** The same with another prefix, which says what it opens. */
export function createSecret(prefix: `gh_${string}_`): string {
  const value = `${prefix}${randomBytes(32).toString('base64url')}`;
  return `${value}_${crc32(value).toString(16).padStart(8, '0')}`;
}

/** What a list may show of a secret. */
export function secretHint(secret: string): string {
  return `${secret.slice(0, PREFIX.length + 4)}…`;
}

/**
 * HMAC-SHA-256 under the key of the configuration. A slow hash would add nothing to 256 random
 * bits, and would cost every token request (the stored value is no password).
 */
export function hashClientSecret(key: Buffer | KeyObject, secret: string): Buffer {
  return createHmac('sha256', key).update(secret).digest();
}

const SALT = randomBytes(32).toString('base64url');
/** Of each stored secret that was presented once: a salted digest of it, kept in this process only. */
const seen = new WeakMap<StoredSecret, Buffer>();
type StoredSecret = Client['secretHashes'][number];

/** The stored secret that was presented, under one of the keys, if it works; constant time for each. */
export function findClientSecret(
  keys: KeyObject[],
  hashes: StoredSecret[],
  secret: string,
): StoredSecret | undefined {
  const now = performance.now();
  const valid = hashes.filter(({ endsAt }) => endsAt > now);
  // A plain digest takes a tenth of what the keyed one takes, and machines come again and again.
  const digest = hash('sha256', SALT + secret, 'buffer');
  const known = valid.find((stored) => {
    const before = seen.get(stored);
    return before !== undefined && timingSafeEqual(before, digest);
  });
  if (known) return known;
  const actual = keys.map((key) => hashClientSecret(key, secret));
  const match = valid.find((stored) =>
    actual.some((candidate) => timingSafeEqual(candidate, stored.hash)),
  );
  if (match) seen.set(match, digest);
  return match;
}
