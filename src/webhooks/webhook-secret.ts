// Secrets of webhooks, in the format of Standard Webhooks: `whsec_` and 256 random bits in base64.
// We sign with them, so they are stored sealed, not hashed.
import { randomBytes } from 'node:crypto';
import { seal, unseal } from '../storage/sealed-value.ts';

const CONTEXT = 'webhook secret';

/** A new secret, to be shown once, and what is stored of it. */
export function createWebhookSecret(encryptionKeys: Buffer[]): { secret: string; sealed: Buffer } {
  const [key] = encryptionKeys;
  if (!key) throw new Error('no encryption key is configured');
  const secret = `whsec_${randomBytes(32).toString('base64')}`;
  return { secret, sealed: seal(key, secret, CONTEXT) };
}

/** The secrets that sign for a webhook now: its own, and the one that it is about to leave. */
export function signingSecrets(
  webhook: { secret: Buffer; former_secret: Buffer | null; former_expires_at: Date | null },
  encryptionKeys: Buffer[],
  now: Date,
): string[] {
  const former =
    webhook.former_secret && webhook.former_expires_at && webhook.former_expires_at > now
      ? [webhook.former_secret]
      : [];
  return [webhook.secret, ...former].map((sealed) => unseal(encryptionKeys, sealed, CONTEXT));
}
