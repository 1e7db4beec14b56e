// What becomes of a credential: retired with a countdown, brought back, suspended, named anew.
import { AppError, invalidRequest } from '../../errors.ts';
import {
  type Credential,
  findCredential,
  type LockedClient,
  listCredentials,
  lockClient,
  rename,
  restore,
  retire,
  suspend,
} from '../../storage/credentials.ts';
import type { Database } from '../../storage/database.ts';
import type { AnyActor } from '../actor.ts';
import { record } from '../record.ts';
import { credentialName, expectRunning } from './add-credential.ts';

/** How long a retired credential goes on, unless told otherwise. */
export const OVERLAP_SECONDS = 24 * 3600;
export const MAX_OVERLAP_SECONDS = 30 * 24 * 3600;

export interface WhichCredential {
  clientId: string;
  credentialId: string;
}

interface Deps {
  db: Database;
}

/**
 * Lets a credential end after the overlap; 0: now. Throws 404, 409 `last_credential` when no other
 * would be left and that is not `confirmed`, 409 `conflict` when it has ended already.
 */
export async function retireCredential(
  { db }: Deps,
  actor: AnyActor,
  which: WhichCredential & { overlapSeconds?: number | undefined; confirmed?: boolean },
): Promise<Credential> {
  const { overlapSeconds = OVERLAP_SECONDS } = which;
  if (
    !Number.isInteger(overlapSeconds) ||
    overlapSeconds < 0 ||
    overlapSeconds > MAX_OVERLAP_SECONDS
  )
    throw invalidRequest(`overlap_seconds must be 0 to ${MAX_OVERLAP_SECONDS}`);
  const { client, credential } = await lockCredential(db, which);
  if (!which.confirmed && (await isLast(db, client, credential)))
    throw new AppError(
      409,
      'last_credential',
      'This is the last credential that works: without it the application gets no token. Add another first, or confirm.',
      { key: 'credential.last' },
    );
  if (credential.state === 'ended') throw ended();
  await recordChange(db, actor, client, credential, 'credential.retired', {
    overlap_seconds: overlapSeconds,
  });
  if (!(await retire(db, { clientId: client.id, id: credential.id }, overlapSeconds)))
    throw ended();
  return reread(db, credential);
}

/**
 * Stops the countdown of a retired credential: it works on as before. Throws 403 when its client is
 * stopped, 404, 409 when it has ended or was not retired.
 */
export async function restoreCredential(
  { db }: Deps,
  actor: AnyActor,
  which: WhichCredential,
): Promise<Credential> {
  await expectRunning(db, which.clientId);
  const { client, credential } = await lockCredential(db, which);
  await recordChange(db, actor, client, credential, 'credential.restored');
  if (!(await restore(db, { clientId: client.id, id: credential.id })))
    throw new AppError(
      409,
      'conflict',
      'This credential cannot be brought back: it has ended, or nobody retired it.',
      { key: 'credential.not-retired' },
    );
  return reread(db, credential);
}

/** Stops a credential at once, until it is resumed. For operators. Throws 404, 409 when it is so. */
export function suspendCredential(deps: Deps, actor: AnyActor, which: WhichCredential) {
  return setSuspended(deps, actor, which, true);
}

/** Lets a suspended credential go on. For operators. Throws 404, 409 when it is not suspended. */
export function resumeCredential(deps: Deps, actor: AnyActor, which: WhichCredential) {
  return setSuspended(deps, actor, which, false);
}

/** Names a credential anew. Throws 400, 404. */
export async function renameCredential(
  { db }: Deps,
  which: WhichCredential & { name: string },
): Promise<Credential> {
  const name = credentialName(which.name);
  const { credential } = await lockCredential(db, which);
  await rename(db, { clientId: credential.clientId, id: credential.id }, name);
  return reread(db, credential);
}

async function setSuspended(
  { db }: Deps,
  actor: AnyActor,
  which: WhichCredential,
  suspended: boolean,
): Promise<Credential> {
  const { client, credential } = await lockCredential(db, which);
  const type = suspended ? 'credential.suspended' : 'credential.resumed';
  await recordChange(db, actor, client, credential, type);
  if (!(await suspend(db, { clientId: client.id, id: credential.id }, suspended)))
    throw new AppError(
      409,
      'conflict',
      suspended ? 'This credential is suspended already.' : 'This credential is not suspended.',
    );
  return reread(db, credential);
}

async function lockCredential(
  db: Database,
  { clientId, credentialId }: WhichCredential,
): Promise<{ client: LockedClient; credential: Credential }> {
  const client = await lockClient(db, clientId);
  const credential = client && (await findCredential(db, clientId, credentialId));
  if (!client || !credential)
    throw new AppError(404, 'not_found', 'There is no such credential.', {
      key: 'credential.unknown',
    });
  return { client, credential };
}

// What is retired or suspended is none to rely on.
async function isLast(db: Database, client: LockedClient, leaving: Credential): Promise<boolean> {
  if (leaving.state !== 'live' || client.jwksUri) return false;
  const others = await listCredentials(db, client.id);
  return !others.some(({ id, state }) => state === 'live' && id !== leaving.id);
}

async function reread(db: Database, { clientId, id }: Credential): Promise<Credential> {
  const found = await findCredential(db, clientId, id);
  if (!found) throw new Error(`the credential ${id} is gone`);
  return found;
}

async function recordChange(
  db: Database,
  actor: AnyActor,
  client: LockedClient,
  { id, kind, name, hint }: Credential,
  type: string,
  more: Record<string, unknown> = {},
): Promise<void> {
  const data = { credential_id: id, kind, name, hint, ...more };
  await record(db, actor, {
    ...{ type, clientId: client.id, applicationId: client.applicationId, data },
  });
}

function ended(): AppError {
  return new AppError(409, 'conflict', 'This credential has ended already.', {
    key: 'credential.has-ended',
  });
}
