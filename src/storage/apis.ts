// APIs (protected resources) and their scopes.
import { randomBytes } from 'node:crypto';
import type { Knex } from 'knex';
import { announce } from './changes.ts';
import type { Database } from './database.ts';

export type SigningAlg = 'RS256' | 'PS256' | 'ES256' | 'Ed25519';

export interface ApiScope {
  name: string;
  description: string;
  /** The description in other languages, by language. */
  texts: Record<string, string>;
}

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
  scopes: ApiScope[];
  /** Who looks after it: they decide on products of its scopes that have no owner group. */
  ownerGroupId: string | undefined;
  /** A GET that shows that a token works. */
  exampleUrl: string | undefined;
  /** Identical client-credentials requests within so many seconds get the same token; 0: never. */
  reuseSeconds: number;
  /** Nobody gets a token for it until it is resumed. */
  suspendedAt: Date | undefined;
}

type ApiExtras = Pick<Api, 'ownerGroupId' | 'exampleUrl' | 'reuseSeconds'>;

export type NewApi = Omit<Api, 'id' | 'clientId' | 'suspendedAt' | 'scopes' | keyof ApiExtras> &
  Partial<ApiExtras> & {
    scopes: (Omit<ApiScope, 'texts'> & Partial<Pick<ApiScope, 'texts'>>)[];
  };

/** Creates an API with its scopes. Throws a unique violation (23505) for a known resource. */
export async function insertApi(db: Database, api: NewApi): Promise<string> {
  const id = `api_${randomBytes(12).toString('hex')}`;
  const query = await db.write();
  await query.transaction(async (transaction) => {
    await transaction('apis').insert({
      id,
      environment: api.environment,
      resource: api.resource,
      ...apiColumns(api),
    });
    await insertScopes(transaction, id, api.scopes);
    await announce(transaction, 'apis');
  });
  return id;
}

/** What may change of an API, as its columns. */
export function apiColumns(api: Omit<NewApi, 'environment' | 'resource' | 'scopes'>) {
  return {
    name: api.name,
    audience: api.audience,
    alg: api.alg,
    typ: api.typ,
    token_lifetime: api.tokenLifetime,
    claims: api.claims,
    owner_group_id: api.ownerGroupId ?? null,
    example_url: api.exampleUrl ?? null,
    reuse_seconds: api.reuseSeconds ?? 0,
  };
}

/** Writes scopes with their texts; those that there are get the new texts. */
export async function insertScopes(
  transaction: Knex,
  apiId: string,
  scopes: NewApi['scopes'],
): Promise<void> {
  await transaction('api_scopes')
    .insert(scopes.map(({ name, description }) => ({ api_id: apiId, name, description })))
    .onConflict(['api_id', 'name'])
    .merge(['description']);
  await transaction('api_scope_texts').where({ api_id: apiId }).delete();
  const texts = scopes.flatMap(({ name, texts: byLanguage = {} }) =>
    Object.entries(byLanguage).map(([language, description]) => ({
      ...{ api_id: apiId, scope: name, language, description },
    })),
  );
  if (texts.length > 0) await transaction('api_scope_texts').insert(texts);
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
      query.raw(`(SELECT coalesce(json_agg(json_build_object('name', s.name,
          'description', s.description,
          'texts', (SELECT coalesce(json_object_agg(t.language, t.description ORDER BY t.language), '{}')
            FROM api_scope_texts t WHERE t.api_id = s.api_id AND t.scope = s.name))
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
    ownerGroupId: row.owner_group_id ?? undefined,
    exampleUrl: row.example_url ?? undefined,
    reuseSeconds: row.reuse_seconds,
    suspendedAt: row.suspended_at ?? undefined,
  }));
}
