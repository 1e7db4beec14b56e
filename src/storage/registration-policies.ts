// Under which rules programs register clients, and what they registered.
import { randomBytes } from 'node:crypto';
import type { ApplicationKind } from './applications.ts';
import type { Environment } from './client.ts';
import type { Database } from './database.ts';

export interface RegistrationPolicy {
  id: string;
  /** The beginning of its token; null: it is for a client's access tokens. */
  hint: string | null;
  client_id: string | null;
  owner_id: string;
  kinds: ApplicationKind[];
  /** Hosts, or `*.` and a domain; none: all. */
  redirect_hosts: string[];
  product_ids: string[];
  environment: Environment;
  uses_left: number | null;
  expires_at: Date | null;
  revoked_at: Date | null;
  last_used_at: Date | null;
  created_at: Date;
}

export type NewRegistrationPolicy = Omit<
  RegistrationPolicy,
  'id' | 'revoked_at' | 'last_used_at' | 'created_at'
> & { token_hash: Buffer | null };

const COLUMNS = [
  ...['id', 'hint', 'client_id', 'owner_id', 'kinds', 'redirect_hosts', 'product_ids'],
  ...['environment', 'uses_left', 'expires_at', 'revoked_at', 'last_used_at', 'created_at'],
];
/** In SQL: it lets somebody register now. */
const IN_FORCE =
  'revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now()) AND (uses_left IS NULL OR uses_left > 0)';

/** Creates a policy. Throws the database's unique violation (23505) for a client that has one. */
export async function insertPolicy(
  db: Database,
  policy: NewRegistrationPolicy,
): Promise<RegistrationPolicy> {
  const query = await db.write();
  const [row] = await query<RegistrationPolicy>('registration_policies')
    .insert({ id: `reg_${randomBytes(12).toString('hex')}`, ...policy })
    .returning(COLUMNS as 'id'[]);
  if (!row) throw new Error('the database returned no policy');
  return row as RegistrationPolicy;
}

/** All policies, revoked ones included, the oldest first. */
export async function listPolicies(db: Database, limit: number): Promise<RegistrationPolicy[]> {
  const query = await db.query();
  return query('registration_policies')
    .orderBy('created_at')
    .orderBy('id')
    .limit(limit)
    .select(COLUMNS);
}

/** The policy of an id, whether it is in force or not. */
export async function findPolicy(
  db: Database,
  id: string,
): Promise<RegistrationPolicy | undefined> {
  const query = await db.query();
  return query('registration_policies').where({ id }).first(COLUMNS);
}

/** The policy in force of a token, by its hashes under the keys there are, or of a client. */
export async function findPolicyInForce(
  db: Database,
  by: { hashes: Buffer[] } | { clientId: string },
): Promise<RegistrationPolicy | undefined> {
  const query = await db.query();
  return query('registration_policies')
    .whereRaw(IN_FORCE)
    .modify((builder) => {
      if ('hashes' in by) builder.whereIn('token_hash', by.hashes);
      else builder.where({ client_id: by.clientId });
    })
    .first(COLUMNS);
}

/** Takes one use, in the running transaction. Returns false when another request took the last one. */
export async function takeUse(db: Database, id: string): Promise<boolean> {
  const query = await db.write();
  const { rowCount } = await query.raw(
    `UPDATE registration_policies SET last_used_at = now(), uses_left = uses_left - 1
     WHERE id = ? AND ${IN_FORCE}`,
    [id],
  );
  return rowCount === 1;
}

/** Nobody registers under it from now on. Returns false when there is none, or it is so already. */
export async function revokePolicy(db: Database, id: string): Promise<boolean> {
  const query = await db.write();
  const changed = await query('registration_policies')
    .where({ id, revoked_at: null })
    .update({ revoked_at: query.fn.now() });
  return changed === 1;
}
