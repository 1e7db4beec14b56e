// POST /credentials/rotate: an application gets its next secret for one that works. The library
// authenticates clients at its own endpoints only, so the request passes as a revocation of no token;
// what comes after the authentication is ours.
import { type KoaContextWithOIDC, Provider } from 'oidc-provider';
import { z } from 'zod';
import { type Rotation, rotateCredential } from '../applications/credentials/rotate-credential.ts';
import { AppError, invalidRequest } from '../errors.ts';
import { onlyOnce } from '../http/only-once.ts';
import type { Database } from '../storage/database.ts';
import { usedCredential } from './used-credential.ts';

export const ROTATION_PATH = '/credentials/rotate';

export interface RotationDeps {
  db: Database;
  hashKeys: Buffer[];
  encryptionKeys: Buffer[];
}

const form = z.object({
  overlap_seconds: z
    .string('overlap_seconds must be sent once')
    .regex(/^\d{1,8}$/, 'overlap_seconds must be a whole number')
    .transform(Number)
    .optional(),
});

/** True for a request that began at the rotation endpoint. */
export function isRotation(ctx: { state: Record<string, unknown> }): boolean {
  return ctx.state['rotation'] === true;
}

/** Runs the library's authentication of clients for a rotation; answers whether somebody passed. */
export async function authenticateRotation(
  ctx: KoaContextWithOIDC,
  handle: () => Promise<void>,
): Promise<boolean> {
  const { path } = ctx;
  ctx.state['rotation'] = true;
  ctx.path = '/revoke';
  await handle();
  ctx.path = path;
  return ctx.status === 200 && ctx.oidc.client !== undefined;
}

/** Makes a provider find the parameter that a revocation has and a rotation has not. */
export function attachRotation(provider: Provider): void {
  // The types hide this static method.
  const model = provider.Client as unknown as { find(id: string): Promise<unknown> };
  const find = model.find.bind(model);
  model.find = (id) => {
    const ctx = Provider.ctx;
    if (ctx?.oidc.params && isRotation(ctx)) ctx.oidc.params['token'] = 'none';
    return find(id);
  };
}

/**
 * Answers a rotation of the client that was authenticated; with an Idempotency-Key, twice the same.
 * Throws 400, 401, 403, 409 and 422, as rotateCredential and onlyOnce do.
 */
export async function answerRotation(ctx: KoaContextWithOIDC, deps: RotationDeps): Promise<void> {
  const clientId = ctx.oidc.client?.clientId ?? '';
  const { overlap_seconds: overlapSeconds } = readForm(ctx);
  const { network, correlationId } = ctx.state;
  const usedId = usedCredential(ctx);
  if (ctx.oidc.client?.clientAuthMethod === 'none')
    throw new AppError(401, 'invalid_client', 'A public client has no credentials to rotate.');
  const rotate = async () =>
    toAnswer(
      await rotateCredential(
        deps,
        { kind: 'client', network, correlationId },
        { clientId, usedId, overlapSeconds },
      ),
    );
  const key = ctx.get('Idempotency-Key');
  const request = { endpoint: ROTATION_PATH, overlapSeconds };
  ctx.set('Cache-Control', 'no-store');
  ctx.body = key
    ? await onlyOnce(deps, { holder: `client ${clientId}`, key, request }, rotate)
    : await rotate();
}

function readForm(ctx: KoaContextWithOIDC): z.infer<typeof form> {
  const { success, data, error } = form.safeParse(ctx.oidc.body ?? {});
  if (success) return data;
  throw invalidRequest(error.issues.map(({ message }) => message).join(' '));
}

// client_secret_expires_at is as in RFC 7591 section 3.2.1: seconds, 0 is never.
function toAnswer({ credential, secret, previous }: Rotation) {
  return {
    client_secret: secret,
    client_secret_expires_at: toSeconds(credential.expiresAt),
    credential_id: credential.id,
    previous: previous ? { id: previous.id, expires_at: toSeconds(previous.expiresAt) } : null,
  };
}

function toSeconds(date: Date | undefined): number {
  return date ? Math.floor(date.getTime() / 1000) : 0;
}
