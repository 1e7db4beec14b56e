// Changing, suspending and removing APIs; every node hears of it.
import { type Api, apiColumns, insertScopes, type NewApi } from './apis.ts';
import { announce } from './changes.ts';
import type { Database } from './database.ts';

/** Replaces what may change of an API. Scopes that are left out are gone, from clients and products too. */
export async function updateApi(db: Database, id: string, api: NewApi): Promise<void> {
  const query = await db.write();
  await query.transaction(async (transaction) => {
    await transaction('apis').where({ id }).update(apiColumns(api));
    const names = api.scopes.map(({ name }) => name);
    const dropped = await transaction('api_scopes')
      .where({ api_id: id })
      .whereNotIn('name', names)
      .delete();
    await insertScopes(transaction, id, api.scopes);
    if (dropped > 0) await announce(transaction, 'clients');
    await announce(transaction, 'apis');
  });
}

/** Suspends or resumes an API. Returns false when it was so already. */
export async function setApiSuspended(
  db: Database,
  id: string,
  suspended: boolean,
): Promise<boolean> {
  const query = await db.write();
  const changed = await query('apis')
    .where({ id })
    .whereRaw(suspended ? 'suspended_at IS NULL' : 'suspended_at IS NOT NULL')
    .update({ suspended_at: suspended ? query.fn.now() : null });
  if (changed > 0) await announce(query, 'apis');
  return changed > 0;
}

/** Deletes an API with its scopes. */
export async function deleteApi(db: Database, id: string): Promise<void> {
  const query = await db.write();
  await query('apis').where({ id }).delete();
  // It may have been the default API of some.
  await announce(query, 'clients');
  await announce(query, 'apis');
}

/** What has scopes of an API: the names of products and clients, at most a few of each. */
export async function findScopeUses(
  db: Database,
  api: Pick<Api, 'id'>,
  scopes: string[],
): Promise<{ products: string[]; clients: string[] }> {
  const query = await db.query();
  const { rows } = await query.raw(
    `SELECT
       ARRAY(SELECT DISTINCT p.name FROM product_scopes s JOIN products p ON p.id = s.product_id
         WHERE s.api_id = ?::text AND s.scope = ANY (?::text[]) ORDER BY 1 LIMIT 5) AS products,
       ARRAY(SELECT DISTINCT c.name FROM entitlements e JOIN clients c ON c.id = e.client_id
         WHERE e.api_id = ?::text AND e.scope = ANY (?::text[]) ORDER BY 1 LIMIT 5) AS clients`,
    [api.id, scopes, api.id, scopes],
  );
  return rows[0];
}
