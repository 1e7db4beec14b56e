// The private part of a signing key: made here, encrypted at rest with the first key encryption key.
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from 'jose';
import { UsageError } from '../../errors.ts';
import type { SigningAlg } from '../../storage/apis.ts';
import { seal, unseal } from '../../storage/sealed-value.ts';
import type { NewSigningKey, SigningKeyRow } from '../../storage/signing-keys.ts';

/** Makes a key pair. For RSA this takes a good part of a second: do it before you take a lock. */
export async function createKey(alg: SigningAlg, encryptionKeys: Buffer[]): Promise<NewSigningKey> {
  const pair = await generateKeyPair(alg, { modulusLength: 2048, extractable: true });
  const publicJwk = await exportJWK(pair.publicKey);
  const kid = await calculateJwkThumbprint(publicJwk);
  const members = { kid, alg, use: 'sig' };
  const privateJwk = { ...(await exportJWK(pair.privateKey)), ...members };
  return {
    kid,
    alg,
    publicJwk: { ...publicJwk, ...members },
    encryptedPrivateJwk: sealWithFirst(encryptionKeys, kid, JSON.stringify(privateJwk)),
  };
}

/** The private JWK of a row. Throws a UsageError when none of the key encryption keys fits. */
export function openPrivateJwk(row: SigningKeyRow, encryptionKeys: Buffer[]): JWK {
  return JSON.parse(open(row, encryptionKeys));
}

/** The private part, encrypted anew with the first key encryption key; undefined when it is already. */
export function resealPrivateJwk(row: SigningKeyRow, encryptionKeys: Buffer[]): Buffer | undefined {
  const text = open(row, encryptionKeys);
  try {
    unseal(encryptionKeys.slice(0, 1), row.private_jwk, context(row.kid));
    return undefined;
  } catch {
    return sealWithFirst(encryptionKeys, row.kid, text);
  }
}

function open(row: SigningKeyRow, encryptionKeys: Buffer[]): string {
  try {
    return unseal(encryptionKeys, row.private_jwk, context(row.kid));
  } catch (cause) {
    throw new UsageError(
      `GATEHOUSE_ENCRYPTION_KEYS does not decrypt the signing key ${row.kid}: add the value that it was encrypted with, after the new one.`,
      { cause },
    );
  }
}

function sealWithFirst([key]: Buffer[], kid: string, text: string): Buffer {
  if (!key) throw new Error('no key encryption key is configured');
  return seal(key, text, context(kid));
}

function context(kid: string): string {
  return `signing key ${kid}`;
}
