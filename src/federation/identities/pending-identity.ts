// An identity that an upstream vouched for, and what our pages have learned of the person since.
import type { Database } from '../../storage/database.ts';
import {
  deletePendingIdentity,
  findPendingIdentity,
  putPendingIdentity,
} from '../../storage/pending-identities.ts';
import { seal, unseal } from '../../storage/sealed-value.ts';
import type { UpstreamIdentity } from '../connector.ts';

export interface PendingIdentity {
  connectorId: string;
  identity: UpstreamIdentity;
  /** The upstream's, where the connector keeps it. */
  refreshToken?: string | undefined;
  /** What the person filled in. */
  profile?: { email: string; givenName: string; familyName: string; termsVersion?: string };
  /** The code that was mailed to the address of the profile. */
  code?: { value: string; triesLeft: number; expiresAt: number };
  /** The address of the profile was proven by the code. */
  emailProven?: boolean;
  /** The owner of this account proved it in this interaction. */
  provenAccountId?: string;
}

export interface PendingDeps {
  db: Database;
  encryptionKeys: Buffer[];
}

/** Where it waits: an interaction, or a session at My account. */
export type Owner = `interaction:${string}` | `session:${string}`;

export async function keepPending(
  { db, encryptionKeys: [key] }: PendingDeps,
  owner: Owner,
  pending: PendingIdentity,
): Promise<void> {
  if (!key) throw new Error('no encryption key is configured');
  const sealed = seal(key, JSON.stringify(pending), contextOf(owner));
  await putPendingIdentity(db, { owner, connectorId: pending.connectorId, sealed });
}

/** `forUpdate`: guesses at its code come one after the other. */
export async function findPending(
  { db, encryptionKeys }: PendingDeps,
  owner: Owner,
  { forUpdate = false }: { forUpdate?: boolean } = {},
): Promise<PendingIdentity | undefined> {
  const found = await findPendingIdentity(db, owner, { forUpdate });
  return found && JSON.parse(unseal(encryptionKeys, found.sealed, contextOf(owner)));
}

export function dropPending({ db }: PendingDeps, owner: Owner): Promise<void> {
  return deletePendingIdentity(db, owner);
}

const contextOf = (owner: Owner) => `pending identity of ${owner}`;
