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
  /** No token is issued for it. */
  suspendedAt: Date | undefined;
  /** Who answers for it. */
  ownerGroupId: string | undefined;
  /** A GET that shows that a token works. */
  exampleUrl: string | undefined;
  /** Identical client-credentials requests within so many seconds get the same token; 0: never. */
  reuseSeconds: number;
  /** `texts`: the description in further languages. */
  scopes: ApiScope[];
}

export interface ApiScope {
  name: string;
  description: string;
  texts: Record<string, string>;
}

export type NewApi = Omit<
  Api,
  'id' | 'clientId' | 'suspendedAt' | 'ownerGroupId' | 'exampleUrl' | 'reuseSeconds' | 'scopes'
> & {
  scopes: (Omit<ApiScope, 'texts'> & { texts?: ApiScope['texts'] })[];
  ownerGroupId?: string | undefined;
  exampleUrl?: string | undefined;
  reuseSeconds?: number;
};

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
      owner_group_id: api.ownerGroupId ?? null,
      example_url: api.exampleUrl ?? null,
      reuse_seconds: api.reuseSeconds ?? 0,
    });
    await transaction('api_scopes').insert(
      api.scopes.map(({ name, description }) => ({ api_id: id, name, description })),
    );
    const texts = api.scopes.flatMap(({ name, texts = {} }) =>
      Object.entries(texts).map(([language, description]) => ({
        ...{ api_id: id, scope: name, language, description },
      })),
    );
    if (texts.length > 0) await transaction('api_scope_texts').insert(texts);
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

/** Stops, or starts again, the tokens for an API on every node. Returns false when there is none. */
export async function suspendApi(db: Database, id: string, suspended: boolean): Promise<boolean> {
  const query = await db.write();
  const changed = await query('apis')
    .where({ id })
    .update({ suspended_at: suspended ? query.raw('coalesce(suspended_at, now())') : null });
  await announce(query, 'apis');
  return changed === 1;
}

/** All APIs with their scopes, oldest first. */
export async function listApis(db: Database): Promise<Api[]> {
  const query = await db.query();
  const rows = await query('apis')
    .select('apis.*')
    .select(
      query.raw(`(SELECT coalesce(json_agg(json_build_object('name', s.name, 'description', s.description,
          'texts', (SELECT coalesce(json_object_agg(t.language, t.description), '{}')
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
    suspendedAt: row.suspended_at ?? undefined,
    ownerGroupId: row.owner_group_id ?? undefined,
    exampleUrl: row.example_url ?? undefined,
    reuseSeconds: row.reuse_seconds,
    scopes: row.scopes,
  }));
}
