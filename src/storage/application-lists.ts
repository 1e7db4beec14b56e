// Lists of applications: those of a member, page by page, and those of an installation.
import type { Knex } from 'knex';
import { type Application, type ApplicationRow, toApplication } from './applications.ts';
import type { Environment } from './client.ts';
import type { Database } from './database.ts';

export interface ListedApplication extends Application {
  environments: Environment[];
  logoDigest: string | undefined;
}

type ListedRow = ApplicationRow & { environments: Environment[]; logo_digest: string | null };

/**
 * The applications that an account is a member of, by name, at most `limit`, from behind the one of
 * the id `after`, if it is one of them.
 */
export async function listMemberApplications(
  db: Database,
  accountId: string,
  page: { limit: number; after?: string | undefined; search?: string | undefined },
): Promise<ListedApplication[]> {
  const query = await db.query();
  const rows = await listed(query)
    .join('application_members AS m', 'm.application_id', 'applications.id')
    .where({ 'm.account_id': accountId })
    .modify((builder) => {
      if (page.after !== undefined)
        builder.whereRaw(
          '(lower(name), id) > (SELECT lower(a.name), a.id FROM applications a WHERE a.id = ?)',
          [page.after],
        );
      if (page.search) builder.whereRaw('strpos(lower(name), lower(?)) > 0', [page.search]);
    })
    .orderByRaw('lower(name), id')
    .limit(page.limit);
  return rows.map(toListed);
}

/** How many applications an account is a member of. */
export async function countMemberApplications(db: Database, accountId: string): Promise<number> {
  const query = await db.query();
  const [row] = await query('application_members')
    .count({ applications: '*' })
    .where({ account_id: accountId });
  return Number(row?.['applications']);
}

/** The applications of an installation, the newest first, at most `limit`, for operators. */
export async function listApplications(
  db: Database,
  filter: { limit: number; ownerId?: string | undefined; unverified?: boolean | undefined },
): Promise<(ListedApplication & { ownerEmail: string })[]> {
  const query = await db.query();
  const rows = await listed(query)
    .select({ owner_email: 'accounts.email' })
    .join('accounts', 'accounts.id', 'applications.owner_id')
    .modify((builder) => {
      if (filter.ownerId !== undefined) builder.where({ owner_id: filter.ownerId });
      if (filter.unverified) builder.whereNull('verified_at');
    })
    .orderBy('applications.created_at', 'desc')
    .orderBy('applications.id')
    .limit(filter.limit);
  return rows.map((row: ListedRow & { owner_email: string }) => ({
    ...toListed(row),
    ownerEmail: row.owner_email,
  }));
}

function listed(query: Knex): Knex.QueryBuilder {
  return query('applications').select(
    'applications.*',
    query.raw(`ARRAY(SELECT environment FROM clients
      WHERE application_id = applications.id ORDER BY environment DESC) AS environments`),
    query.raw(`(SELECT digest FROM application_logos
      WHERE application_id = applications.id) AS logo_digest`),
  );
}

function toListed(row: ListedRow): ListedApplication {
  return {
    ...toApplication(row),
    environments: row.environments,
    logoDigest: row.logo_digest ?? undefined,
  };
}
