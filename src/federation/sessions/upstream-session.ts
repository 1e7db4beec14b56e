// Remembers at which upstream session a sign-in began: its sign-out ends ours, and ours may end it.
import { randomBytes } from 'node:crypto';
import type { Database } from '../../storage/database.ts';
import type { IdentityRow } from '../../storage/identities.ts';
import { seal, unseal } from '../../storage/sealed-value.ts';
import { findUpstreamSession, insertUpstreamSession } from '../../storage/upstream-sessions.ts';
import type { UpstreamIdentity } from '../connector.ts';

interface UpstreamSessionDeps {
  db: Database;
  encryptionKeys: Buffer[];
}

/** Keeps it under a name, in the running unit of work, until our own session has an id. */
export async function beginUpstreamSession(
  { db, encryptionKeys: [key] }: UpstreamSessionDeps,
  row: IdentityRow,
  { sid, logoutHint }: UpstreamIdentity,
): Promise<string> {
  if (!key) throw new Error('no encryption key is configured');
  const name = randomBytes(16).toString('hex');
  await insertUpstreamSession(db, {
    ...{ name, identityId: row.id, issuer: row.issuer, sid },
    sealed: logoutHint ? seal(key, logoutHint, contextOf(row.id)) : undefined,
  });
  return name;
}

/** Where a session of ours began; undefined: not at an upstream. */
export async function upstreamOfSession(
  { db, encryptionKeys }: UpstreamSessionDeps,
  sessionUid: string,
): Promise<{ connectorId: string; logoutHint: string | undefined } | undefined> {
  const found = await findUpstreamSession(db, sessionUid);
  if (!found) return undefined;
  const { sealed, identity_id: identityId, connector_id: connectorId } = found;
  const logoutHint = sealed ? unseal(encryptionKeys, sealed, contextOf(identityId)) : undefined;
  return { connectorId, logoutHint };
}

const contextOf = (identityId: string) => `upstream session of ${identityId}`;
