// Rotation by the application itself: it calls with a credential that works and gets the next secret.
import { AppError, invalidRequest } from '../../errors.ts';
import { type Credential, findCredential } from '../../storage/credentials.ts';
import type { AnyActor } from '../actor.ts';
import { addSecret, expectRoom, type SecretDeps } from './add-credential.ts';
import { MAX_OVERLAP_SECONDS, OVERLAP_SECONDS, retireCredential } from './change-credential.ts';

/** Whose answer is lost must be able to ask again. */
const MIN_OVERLAP_SECONDS = 60;
const DAY_SECONDS = 24 * 3600;

export interface Rotation {
  credential: Credential;
  secret: string;
  /** The credential that was called with; undefined: a key that the application publishes itself. */
  previous: Credential | undefined;
}

/**
 * Adds a secret of the same name and lifetime as the credential that was used, and retires that one
 * with an overlap, never later than it would end anyway. Throws 401 when it has ended meanwhile, and
 * as addSecret does.
 */
export async function rotateCredential(
  deps: SecretDeps,
  actor: AnyActor,
  request: { clientId: string; usedId: string | undefined; overlapSeconds?: number | undefined },
): Promise<Rotation> {
  const { clientId, overlapSeconds = OVERLAP_SECONDS } = request;
  if (
    !Number.isInteger(overlapSeconds) ||
    overlapSeconds < MIN_OVERLAP_SECONDS ||
    overlapSeconds > MAX_OVERLAP_SECONDS
  )
    throw invalidRequest(
      `overlap_seconds must be a whole number from ${MIN_OVERLAP_SECONDS} to ${MAX_OVERLAP_SECONDS}`,
    );
  await expectRoom(deps.db, clientId, 1);
  const used = request.usedId && (await findCredential(deps.db, clientId, request.usedId));
  if (used === undefined || (used && used.state !== 'live' && used.state !== 'retiring'))
    throw new AppError(401, 'invalid_client', 'This credential does not work any more.');
  const added = await addSecret(deps, actor, {
    clientId,
    name: used ? used.name : 'rotated secret',
    expiresInDays: used ? daysOf(used) : undefined,
  });
  if (!used) return { ...added, previous: undefined };
  const which = { clientId, credentialId: used.id, overlapSeconds };
  return { ...added, previous: await retireCredential(deps, actor, which) };
}

function daysOf({ lifetimeSeconds }: Credential): number | undefined {
  return lifetimeSeconds === undefined
    ? undefined
    : Math.max(1, Math.round(lifetimeSeconds / DAY_SECONDS));
}
