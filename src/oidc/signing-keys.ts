// Signing keys: made here, encrypted at rest, published as next, used as current, kept as retired.
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from 'jose';
import type { SigningAlg } from '../catalog/apis.ts';
import { AppError } from '../errors.ts';
import type { Database } from '../storage/database.ts';
import {
  insertSigningKey,
  listSigningKeys,
  type NewSigningKey,
  promoteNextKey,
  removeKeysRetiredFor,
  type SigningKeyRow,
  withSigningKeysLocked,
} from '../storage/signing-keys.ts';
import { seal, unseal } from './sealed-value.ts';

/** A key is published this long before it signs: gateways cache a JWKS for up to a day. */
export const PUBLISH_BEFORE_USE_SECONDS = 24 * 3600;
/** And published this long after its last use: the cache time and the longest access token. */
export const KEEP_AFTER_USE_SECONDS = 25 * 3600;

interface KeyDeps {
  db: Database;
  encryptionKeys: Buffer[];
}

/** Makes sure that each algorithm has a current key and a published next one. */
export async function ensureSigningKeys(deps: KeyDeps, algs: SigningAlg[]): Promise<void> {
  const complete = (rows: SigningKeyRow[], alg: SigningAlg) =>
    (['current', 'next'] as const).filter(
      (state) => !rows.some((row) => row.alg === alg && row.state === state),
    );
  const existing = await listSigningKeys(deps.db);
  const wanted = [...new Set(algs)];
  if (wanted.every((alg) => complete(existing, alg).length === 0)) return;
  await withSigningKeysLocked(deps.db, async (query, rows) => {
    for (const alg of wanted) {
      for (const state of complete(rows, alg))
        await insertSigningKey(query, await createKey(alg, deps.encryptionKeys), state);
    }
  });
}

/** Private JWKs to sign with, current ones first (oidc-provider takes the first that fits), and public ones. */
export async function loadSigningKeys(
  deps: KeyDeps,
): Promise<{ signing: JWK[]; published: JWK[] }> {
  const order = { current: 0, next: 1, retired: 2 };
  const rows = (await listSigningKeys(deps.db)).toSorted((a, b) => order[a.state] - order[b.state]);
  return {
    signing: rows.map((row) =>
      JSON.parse(unseal(deps.encryptionKeys, row.private_jwk, context(row.kid))),
    ),
    published: rows.map((row) => row.public_jwk),
  };
}

/**
 * Makes the next key of an algorithm current and publishes a new next one.
 * Refuses (409) while the next key is younger than its publication time, unless `emergency`.
 */
export async function rotateSigningKey(
  deps: KeyDeps,
  alg: SigningAlg,
  options: { emergency: boolean },
): Promise<{ current: string; next: string }> {
  return withSigningKeysLocked(deps.db, async (query, rows) => {
    const upcoming = rows.find((row) => row.alg === alg && row.state === 'next');
    if (!upcoming)
      throw new AppError(
        404,
        'not_found',
        `There is no ${alg} key to rotate: no API signs with it.`,
      );
    const usableAt = new Date(upcoming.created_at.getTime() + PUBLISH_BEFORE_USE_SECONDS * 1000);
    if (!options.emergency && usableAt > new Date()) {
      throw new AppError(
        409,
        'too_early',
        `The next ${alg} key may sign from ${usableAt.toISOString()}: backends that cached the JWKS do not know it yet. With --emergency it signs now, and such backends refuse new tokens until they read the JWKS again (up to a day).`,
      );
    }
    await promoteNextKey(query, alg);
    const replacement = await createKey(alg, deps.encryptionKeys);
    await insertSigningKey(query, replacement, 'next');
    await removeKeysRetiredFor(query, KEEP_AFTER_USE_SECONDS);
    return { current: upcoming.kid, next: replacement.kid };
  });
}

async function createKey(alg: SigningAlg, encryptionKeys: Buffer[]): Promise<NewSigningKey> {
  const pair = await generateKeyPair(alg, { modulusLength: 2048, extractable: true });
  const publicJwk = await exportJWK(pair.publicKey);
  const kid = await calculateJwkThumbprint(publicJwk);
  const members = { kid, alg, use: 'sig' };
  const privateJwk = { ...(await exportJWK(pair.privateKey)), ...members };
  const [key] = encryptionKeys;
  if (!key) throw new Error('no key encryption key is configured');
  return {
    kid,
    alg,
    publicJwk: { ...publicJwk, ...members },
    encryptedPrivateJwk: seal(key, JSON.stringify(privateJwk), context(kid)),
  };
}

function context(kid: string): string {
  return `signing key ${kid}`;
}
