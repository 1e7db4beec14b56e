// New credentials of a client: a secret, shown once, or public keys.
import { randomBytes } from 'node:crypto';
import { AppError, invalidRequest } from '../../errors.ts';
import {
  type Credential,
  insertCredentials,
  type LockedClient,
  listCredentials,
  lockClient,
  type NewCredential,
} from '../../storage/credentials.ts';
import type { Database } from '../../storage/database.ts';
import type { AnyActor } from '../actor.ts';
import { record } from '../record.ts';
import {
  createClientSecret,
  hashClientSecret,
  secretHint,
} from '../registration/client-secrets.ts';
import { publicKeysProblem, withKeyIds } from '../registration/public-keys.ts';

/** Of one client at a time; those that have ended do not count. */
export const MAX_CREDENTIALS = 10;
const MAX_DAYS = 3650;
const DAY_SECONDS = 24 * 3600;

export interface CredentialRequest {
  clientId: string;
  name: string;
  /** From now on; undefined: it never expires. */
  expiresInDays?: number | undefined;
}

export interface SecretDeps {
  db: Database;
  hashKeys: Buffer[];
}

/**
 * Adds a secret, in the running unit of work. It is returned once and stored as a keyed hash only.
 * Throws 400 for a bad name, 403 when the client is stopped, 404 when there is none, 409 when it has
 * ten.
 */
export async function addSecret(
  deps: SecretDeps,
  actor: AnyActor,
  request: CredentialRequest,
): Promise<{ credential: Credential; secret: string }> {
  const [hashKey] = deps.hashKeys;
  if (!hashKey) throw new Error('no hash key is configured');
  const client = await expectRoom(deps.db, request.clientId, 1);
  const secret = createClientSecret();
  const [credential] = await insert(deps.db, actor, client, [
    {
      ...common(request, actor),
      hint: secretHint(secret),
      content: { secretHash: hashClientSecret(hashKey, secret) },
    },
  ]);
  if (!credential) throw new Error('the new credential is not there');
  return { credential, secret };
}

/**
 * Adds each key of a set (RFC 7517) as a credential of its own. A key without `kid` is known by its
 * thumbprint (RFC 7638). Throws as addSecret does, 400 for a key that will not do, and 409 for a
 * `kid` that the client has already.
 */
export async function addPublicKeys(
  { db }: { db: Database },
  actor: AnyActor,
  request: CredentialRequest & { jwks: { keys: Record<string, unknown>[] } },
): Promise<Credential[]> {
  const problem = publicKeysProblem(request.jwks);
  if (problem)
    throw new AppError(400, 'invalid_request', problem, {
      key: 'credential.keys-wrong',
      values: { problem },
    });
  const keys = await withKeyIds(request.jwks.keys);
  const client = await expectRoom(db, request.clientId, keys.length);
  const known = (await listCredentials(db, client.id)).filter(({ state }) => state !== 'ended');
  const kids = [...known.map(({ publicKey }) => publicKey?.['kid']), ...keys.map(({ kid }) => kid)];
  const twice = keys.find(({ kid }) => kids.filter((other) => other === kid).length > 1);
  if (twice)
    throw new AppError(409, 'conflict', `There is a key with the kid ${twice.kid} already.`, {
      key: 'credential.kid-taken',
      values: { kid: twice.kid },
    });
  const added = keys.map((publicKey) => ({
    ...common(request, actor),
    hint: publicKey.kid,
    content: { publicKey },
  }));
  return insert(db, actor, client, added);
}

/** A name of 1 to 100 characters without control characters. Throws 400. */
export function credentialName(name: string): string {
  const trimmed = name.trim();
  if (/^[^\p{C}\p{Zl}\p{Zp}]{1,100}$/u.test(trimmed)) return trimmed;
  throw new AppError(
    400,
    'invalid_request',
    'name must have 1 to 100 characters and no control characters',
    { key: 'credential.name-wrong' },
  );
}

/** The client, locked, when it may have so many credentials more. Throws 400, 403, 404, 409. */
export async function expectRoom(
  db: Database,
  clientId: string,
  wanted: number,
): Promise<LockedClient> {
  const client = await expectRunning(db, clientId);
  const living = (await listCredentials(db, client.id)).filter(({ state }) => state !== 'ended');
  if (living.length + wanted > MAX_CREDENTIALS)
    throw new AppError(
      409,
      'too_many_credentials',
      `A client has at most ${MAX_CREDENTIALS} credentials: revoke one that is not used any more.`,
      { key: 'credential.too-many', values: { most: MAX_CREDENTIALS } },
    );
  return client;
}

/** The client, locked, when nobody has stopped it. Throws 400 for a public one, 403, 404. */
export async function expectRunning(db: Database, clientId: string): Promise<LockedClient> {
  const client = await lockClient(db, clientId);
  if (!client) throw new AppError(404, 'not_found', 'There is no such client.');
  if (client.kind === 'spa' || client.kind === 'native')
    throw invalidRequest(`a ${client.kind} client has no credentials: it is public, use PKCE`);
  if (client.isStopped)
    throw new AppError(
      403,
      'client_stopped',
      'This client is suspended or disabled: it gets no new credentials.',
      { key: 'credential.client-stopped' },
    );
  return client;
}

async function insert(
  db: Database,
  actor: AnyActor,
  client: LockedClient,
  added: Omit<NewCredential, 'clientId'>[],
): Promise<Credential[]> {
  const rows = added.map((one) => ({ ...one, clientId: client.id }));
  for (const { id, name, hint, content } of rows) {
    await record(db, actor, {
      type: 'credential.created',
      clientId: client.id,
      applicationId: client.applicationId,
      data: { credential_id: id, kind: 'publicKey' in content ? 'key' : 'secret', name, hint },
    });
  }
  await insertCredentials(db, rows);
  const all = await listCredentials(db, client.id);
  return rows.flatMap(({ id }) => all.find((credential) => credential.id === id) ?? []);
}

function common({ name, expiresInDays }: CredentialRequest, actor: AnyActor) {
  return {
    id: `cr_${randomBytes(12).toString('hex')}`,
    name: credentialName(name),
    expiresInSeconds: expiresInDays === undefined ? undefined : daysToSeconds(expiresInDays),
    createdBy: actor.accountId,
  };
}

function daysToSeconds(days: number): number {
  if (Number.isInteger(days) && days >= 1 && days <= MAX_DAYS) return days * DAY_SECONDS;
  throw new AppError(400, 'invalid_request', `a credential expires in 1 to ${MAX_DAYS} days`, {
    key: 'credential.days-wrong',
    values: { most: MAX_DAYS },
  });
}
