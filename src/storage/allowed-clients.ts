// The clients that an account allowed something: by a consent, or by a grant that is alive.
import type { Database } from './database.ts';
import { endGrants } from './sessions.ts';

export interface AllowedClient {
  id: string;
  name: string;
  since: Date;
  identityScopes: string[];
  /** What people read of the API scopes. */
  apiScopes: string[];
}

/** The clients of an account by name. Clients that are in no table, such as our own pages, are none. */
export async function listAllowedClients(
  db: Database,
  accountId: string,
): Promise<AllowedClient[]> {
  const query = await db.query();
  const { rows } = await query.raw(
    `WITH given AS (
       SELECT consents.client_id, min(given_at) AS since,
         coalesce(array_agg(consents.scope) FILTER (WHERE consents.resource = 'openid'), '{}') AS identity,
         coalesce(array_agg(coalesce(api_scopes.description, consents.scope) ORDER BY consents.scope)
           FILTER (WHERE consents.resource <> 'openid'), '{}') AS api
       FROM consents
       LEFT JOIN apis ON apis.resource = consents.resource
       LEFT JOIN api_scopes ON api_scopes.api_id = apis.id AND api_scopes.name = consents.scope
       WHERE consents.account_id = ? GROUP BY consents.client_id),
     granted AS (
       SELECT client_id, min(to_timestamp((payload ->> 'iat')::bigint)) AS since
       FROM oidc_payloads
       WHERE account_id = ? AND model = 'Grant' AND expires_at > now() GROUP BY client_id)
     SELECT clients.id, clients.name, least(given.since, granted.since) AS since,
       coalesce(given.identity, '{}') AS identity, coalesce(given.api, '{}') AS api
     FROM clients LEFT JOIN given ON given.client_id = clients.id
     LEFT JOIN granted ON granted.client_id = clients.id
     WHERE given.client_id IS NOT NULL OR granted.client_id IS NOT NULL
     ORDER BY clients.name, clients.id`,
    [accountId, accountId],
  );
  return rows.map(
    (row: { id: string; name: string; since: Date; identity: string[]; api: string[] }) => ({
      id: row.id,
      name: row.name,
      since: row.since,
      identityScopes: row.identity,
      apiScopes: row.api,
    }),
  );
}

/** Takes back what the account allowed the client, with everything issued. False: there was nothing. */
export async function revokeAllowedClient(
  db: Database,
  accountId: string,
  clientId: string,
): Promise<boolean> {
  const query = await db.write();
  const forgotten = await query('consents')
    .where({ account_id: accountId, client_id: clientId })
    .delete();
  const grants = await query('oidc_payloads')
    .where({ account_id: accountId, client_id: clientId, model: 'Grant' })
    .select('id');
  const ids: Buffer[] = grants.map(({ id }) => id);
  await endGrants(query, accountId, ids);
  return forgotten + ids.length > 0;
}
