// Whether anything was changed: a digest of everything that developers can change.
import type { Server } from '../_installation.ts';

const TABLES = [
  ...['applications', 'application_members', 'clients', 'credentials', 'entitlements'],
  ...['subscriptions', 'subscription_changes', 'promotions', 'products', 'product_scopes'],
  ...['accounts', 'idempotent_answers', 'events', 'apis', 'api_scopes'],
];

/** One digest a table; that a secret was used is no change. */
export async function digestTables({ db }: Pick<Server, 'db'>): Promise<Record<string, string>> {
  const digests: Record<string, string> = {};
  for (const table of TABLES) {
    const { rows } = await db.knex.raw(
      `SELECT md5(coalesce(string_agg(row, '|' ORDER BY row), '')) AS digest
       FROM (SELECT (to_jsonb(t) - 'last_used_at' - 'last_used_network')::text AS row FROM ?? t) rows`,
      [table],
    );
    digests[table] = rows[0].digest;
  }
  return digests;
}
