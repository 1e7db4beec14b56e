// APIs (protected resources) and their scopes.
import { randomBytes } from 'node:crypto';
import { announce } from './changes.ts';
import type { Database } from './database.ts';

export type SigningAlg = 'RS256' | 'PS256' | 'ES256' | 'Ed25519';

export interface Api {
  id: string;
  name: string;
  environment: 'sandbox' | 'production';
  /** RFC 8707 resource indicator. */
  resource: string;
  audience: string;
  alg: SigningAlg;
  typ: 'at+jwt' | 'JWT';
  /** Seconds that an access token for this API lives. */
  tokenLifetime: number;
  /** Extra claims that the API asks for. */
  claims: string[];
  /** The API's own client, which may introspect its tokens. */
  clientId: string | undefined;
  scopes: { name: string; description: string }[];
}

export type NewApi = Omit<Api, 'id' | 'clientId'>;

/** Creates an API with its scopes. Throws a unique violation (23505) for a known resource. */
export async function insertApi(db: Database, api: NewApi): Promise<string> {
  const id = `api_${randomBytes(12).toString('hex')}`;
  const query = await db.write();
  await query.transaction(async (transaction) => {
    await transaction('apis').insert({
      id,
      name: api.name,
      environment: api.environment,
      resource: api.resource,
      audience: api.audience,
      alg: api.alg,
      typ: api.typ,
      token_lifetime: api.tokenLifetime,
      claims: api.claims,
    });
    await transaction('api_scopes').insert(
      api.scopes.map(({ name, description }) => ({ api_id: id, name, description })),
    );
    await announce(transaction, 'apis');
  });
  return id;
}

/** Makes a client the API's own: it may introspect the API's tokens. */
export async function setApiClient(db: Database, apiId: string, clientId: string): Promise<void> {
  const query = await db.write();
  await query.transaction(async (transaction) => {
    await transaction('apis').where({ id: apiId }).update({ client_id: clientId });
    await announce(transaction, 'apis');
  });
}

/** All APIs with their scopes, oldest first. */
export async function listApis(db: Database): Promise<Api[]> {
  const query = await db.query();
  const rows = await query('apis')
    .select('apis.*')
    .select(
      query.raw(`(SELECT coalesce(json_agg(json_build_object('name', s.name, 'description', s.description)
        ORDER BY s.name), '[]') FROM api_scopes s WHERE s.api_id = apis.id) AS scopes`),
    )
    .orderBy('created_at')
    .orderBy('id');
  return rows.map((row) => ({
    id: row.id,
    name: row.name,
    environment: row.environment,
    resource: row.resource,
    audience: row.audience,
    alg: row.alg,
    typ: row.typ,
    tokenLifetime: row.token_lifetime,
    claims: row.claims,
    clientId: row.client_id ?? undefined,
    scopes: row.scopes,
  }));
}
