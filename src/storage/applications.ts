// Applications: what developers register, with the accounts that own them.
import { randomBytes } from 'node:crypto';
import { announceClients } from './client-news.ts';
import type { Database } from './database.ts';

export type ApplicationKind = 'web' | 'spa' | 'native' | 'machine';

export interface Application {
  id: string;
  kind: ApplicationKind;
  name: string;
  description: string;
  homepage: string | undefined;
  /** The owner whom limits count; co-owners are members. */
  ownerId: string;
  /** An administrator has checked name and logo. */
  verifiedAt: Date | undefined;
  suspendedAt: Date | undefined;
  suspendedReason: string | undefined;
  disabledAt: Date | undefined;
  /** Deleted: it is erased then, and can be taken back before. */
  eraseAt: Date | undefined;
  createdAt: Date;
  updatedAt: Date;
}

export type NewApplication = Pick<
  Application,
  'kind' | 'name' | 'description' | 'homepage' | 'ownerId'
>;

/** Creates an application whose first member is its owner. */
export async function insertApplication(
  db: Database,
  application: NewApplication,
): Promise<Application> {
  const query = await db.write();
  const [row] = await query<ApplicationRow>('applications')
    .insert({
      id: `app_${randomBytes(12).toString('hex')}`,
      kind: application.kind,
      name: application.name,
      description: application.description,
      homepage: application.homepage ?? null,
      owner_id: application.ownerId,
    })
    .returning('*');
  if (!row) throw new Error('the database returned no application');
  await query('application_members').insert({
    application_id: row.id,
    account_id: application.ownerId,
  });
  return toApplication(row);
}

/** The application of an id if the account is one of its members; a stranger learns nothing. */
export async function findMemberApplication(
  db: Database,
  accountId: string,
  id: string,
): Promise<Application | undefined> {
  // An id that cannot exist may hold bytes that text cannot.
  if (!/^app_[0-9a-f]{1,60}$/.test(id)) return undefined;
  const query = await db.query();
  const row = await query<ApplicationRow>('applications')
    .join('application_members AS m', 'm.application_id', 'applications.id')
    .where({ 'm.account_id': accountId, 'applications.id': id })
    .select('applications.*')
    .first();
  return row && toApplication(row);
}

/** The application of an id, whoever owns it. For operators and approvers only. */
export async function findApplication(db: Database, id: string): Promise<Application | undefined> {
  if (!/^app_[0-9a-f]{1,60}$/.test(id)) return undefined;
  const query = await db.query();
  const row = await query<ApplicationRow>('applications').where({ id }).first();
  return row && toApplication(row);
}

/** Takes the row lock of an application: what is decided about it meanwhile waits. */
export async function lockApplication(db: Database, id: string): Promise<Application | undefined> {
  const query = await db.write();
  const row = await query<ApplicationRow>('applications').where({ id }).forUpdate().first();
  return row && toApplication(row);
}

/** Disables an application for its owners, or enables it, on every node. */
export async function disableApplication(
  db: Database,
  id: string,
  disabled: boolean,
): Promise<void> {
  const query = await db.write();
  await query('applications')
    .where({ id })
    .update({
      disabled_at: disabled ? query.raw('coalesce(disabled_at, now())') : null,
      updated_at: query.fn.now(),
    });
  await announceClients(query, { applicationId: id });
}

/** Suspends an application for an operator, or takes that back (`reason` undefined), on every node. */
export async function suspendApplication(
  db: Database,
  id: string,
  reason: string | undefined,
): Promise<void> {
  const query = await db.write();
  await query('applications')
    .where({ id })
    .update({
      suspended_at: reason === undefined ? null : query.raw('coalesce(suspended_at, now())'),
      suspended_reason: reason ?? null,
      updated_at: query.fn.now(),
    });
  await announceClients(query, { applicationId: id });
}

export interface ApplicationRow {
  id: string;
  kind: ApplicationKind;
  name: string;
  description: string;
  homepage: string | null;
  owner_id: string;
  verified_at: Date | null;
  suspended_at: Date | null;
  suspended_reason: string | null;
  disabled_at: Date | null;
  erase_at: Date | null;
  created_at: Date;
  updated_at: Date;
}

/** The application that a row of the table is. */
export function toApplication(row: ApplicationRow): Application {
  return {
    id: row.id,
    kind: row.kind,
    name: row.name,
    description: row.description,
    homepage: row.homepage ?? undefined,
    ownerId: row.owner_id,
    verifiedAt: row.verified_at ?? undefined,
    suspendedAt: row.suspended_at ?? undefined,
    suspendedReason: row.suspended_reason ?? undefined,
    disabledAt: row.disabled_at ?? undefined,
    eraseAt: row.erase_at ?? undefined,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}
