// AES-256-GCM for values that must come back in clear: signing keys, and references between artefacts.
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Encrypts `plaintext`; `context` is authenticated, so that a sealed value cannot be moved. */
export function seal(key: Buffer, plaintext: string, context: string): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', aesKey(key), nonce).setAAD(Buffer.from(context));
  const body = Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), body]);
}

/** Decrypts what `seal` made with one of `keys`. Throws when none fits. */
export function unseal(keys: Buffer[], sealed: Buffer, context: string): string {
  const nonce = sealed.subarray(0, NONCE_BYTES);
  const tag = sealed.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES);
  const body = sealed.subarray(NONCE_BYTES + TAG_BYTES);
  for (const key of keys) {
    const decipher = createDecipheriv('aes-256-gcm', aesKey(key), nonce)
      .setAAD(Buffer.from(context))
      .setAuthTag(tag);
    try {
      return Buffer.concat([decipher.update(body), decipher.final()]).toString('utf8');
    } catch {}
  }
  throw new Error(`${context} cannot be decrypted with the configured keys`);
}

// Any secret of 32 bytes or more becomes exactly the 32 bytes that AES-256 takes.
function aesKey(secret: Buffer): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', 'gatehouse sealed value', 32));
}
