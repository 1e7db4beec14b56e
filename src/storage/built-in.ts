// What every installation has: our own API, and the client of the command line. They are rows like
// those of operators, kept as this release knows them; what an operator did to them stays.
import type { Knex } from 'knex';
import { announce } from './changes.ts';
import type { Database } from './database.ts';

export interface BuiltInApi {
  id: string;
  name: string;
  resource: string;
  /** `texts`: by language, beside the English description. */
  scopes: { name: string; description: string; texts: Record<string, string> }[];
}

export interface BuiltInClient {
  id: string;
  name: string;
  redirectUris: { uri: string; type: 'native' }[];
}

/**
 * Brings both to what they should be; the client is native and may ask for every scope of the API.
 * Any number of nodes may do it at once. Throws 23505 when another API has the resource.
 */
export async function settleBuiltIn(
  db: Database,
  { api, client }: { api: BuiltInApi; client: BuiltInClient },
): Promise<void> {
  const query = await db.write();
  await query.transaction(async (transaction) => {
    if (await settleApi(transaction, api)) await announce(transaction, 'apis');
    if (await settleClient(transaction, client, api))
      await announce(transaction, 'clients', client.id);
  });
}

async function settleApi(transaction: Knex, api: BuiltInApi): Promise<boolean> {
  const changed = [
    await change(
      transaction,
      `INSERT INTO apis AS a (id, name, environment, resource, audience)
       VALUES (:id, :name, 'production', :resource, :resource)
       ON CONFLICT (id) DO UPDATE SET name = excluded.name, resource = excluded.resource,
         audience = excluded.audience
       WHERE (a.name, a.resource) IS DISTINCT FROM (excluded.name, excluded.resource)`,
      { id: api.id, name: api.name, resource: api.resource },
    ),
  ];
  for (const { name, description, texts } of api.scopes) {
    changed.push(
      await change(
        transaction,
        `INSERT INTO api_scopes AS s (api_id, name, description) VALUES (:id, :name, :description)
         ON CONFLICT (api_id, name) DO UPDATE SET description = excluded.description
         WHERE s.description <> excluded.description`,
        { id: api.id, name, description },
      ),
      await change(
        transaction,
        `INSERT INTO api_scope_texts AS t (api_id, scope, language, description)
         SELECT :id, :name, key, value FROM json_each_text(CAST(:texts AS json))
         ON CONFLICT (api_id, scope, language) DO UPDATE SET description = excluded.description
         WHERE t.description <> excluded.description`,
        { id: api.id, name, texts: JSON.stringify(texts) },
      ),
    );
  }
  return changed.includes(true);
}

async function settleClient(
  transaction: Knex,
  client: BuiltInClient,
  api: BuiltInApi,
): Promise<boolean> {
  const changed = [
    await change(
      transaction,
      `INSERT INTO clients AS c (id, kind, name, token_endpoint_auth_method, grant_types,
         redirect_uris, default_api_id, rotate_refresh_tokens)
       VALUES (:id, 'native', :name, 'none', '{authorization_code,refresh_token}', CAST(:uris AS jsonb), :api, true)
       ON CONFLICT (id) DO UPDATE SET name = excluded.name, redirect_uris = excluded.redirect_uris
       WHERE (c.name, c.redirect_uris) IS DISTINCT FROM (excluded.name, excluded.redirect_uris)`,
      { ...client, uris: JSON.stringify(client.redirectUris), api: api.id },
    ),
    await change(
      transaction,
      `INSERT INTO entitlements (client_id, api_id, scope)
       SELECT :id, :api, value FROM json_array_elements_text(CAST(:scopes AS json))
       ON CONFLICT DO NOTHING`,
      { id: client.id, api: api.id, scopes: JSON.stringify(api.scopes.map(({ name }) => name)) },
    ),
  ];
  return changed.includes(true);
}

async function change(
  transaction: Knex,
  statement: string,
  values: Record<string, unknown>,
): Promise<boolean> {
  const { rowCount } = await transaction.raw(statement, values as Knex.ValueDict);
  return rowCount > 0;
}
