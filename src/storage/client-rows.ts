// How a client is read: with its credentials that work, and with what its application's subscriptions give it.
import type { Knex } from 'knex';
import type {
  Client,
  ClientApplication,
  ClientAuthMethod,
  ClientKind,
  ClientSubscription,
  EndedSecret,
  Environment,
  StopReason,
} from './client.ts';

// Each line is one subselect, so that a client is read in one round trip.
const CREDENTIALS = `(SELECT coalesce(json_agg(json_build_object('id', c.id,
  'hash', encode(c.secret_hash, 'hex'), 'jwk', c.public_key,
  'seconds_left', extract(epoch FROM c.expires_at - clock_timestamp())) ORDER BY c.created_at DESC), '[]')
  FROM credentials c WHERE c.client_id = clients.id AND c.suspended_at IS NULL
    AND (c.expires_at IS NULL OR c.expires_at > now())) AS credentials`;

const ENDED_SECRETS = `(SELECT coalesce(json_agg(ended), '[]') FROM (
    SELECT encode(c.secret_hash, 'hex') AS hash, c.hint,
      coalesce(c.suspended_at, c.expires_at) AS ended_at,
      CASE WHEN c.suspended_at IS NULL THEN 'expired' ELSE 'suspended' END AS reason
    FROM credentials c WHERE clients.application_id IS NOT NULL AND c.client_id = clients.id
      AND c.kind = 'secret' AND (c.suspended_at IS NOT NULL OR c.expires_at <= now())
    ORDER BY 3 DESC LIMIT 5) ended) AS ended_secrets`;

// Whatever was written down: an API of the other environment is none of theirs.
const ENTITLEMENTS = `(SELECT coalesce(json_agg(json_build_object('api_id', e.api_id, 'scope', e.scope)), '[]')
  FROM entitlements e JOIN apis a ON a.id = e.api_id
  WHERE e.client_id = clients.id
    AND (clients.environment IS NULL OR a.environment = clients.environment)) AS entitlements`;

const APPLICATION = `(SELECT json_build_object('id', app.id, 'owner_id', app.owner_id,
    'verified', app.verified_at IS NOT NULL,
    'stopped', CASE WHEN app.suspended_at IS NOT NULL THEN 'application_suspended'
      WHEN app.erase_at IS NOT NULL THEN 'application_deleted'
      WHEN app.disabled_at IS NOT NULL THEN 'application_disabled'
      WHEN owner.state <> 'active' THEN 'owner_blocked' END)
  FROM applications app JOIN accounts owner ON owner.id = app.owner_id
  WHERE app.id = clients.application_id) AS application`;

const SUBSCRIPTIONS = `(SELECT coalesce(json_agg(json_build_object('id', s.id, 'state', s.state,
    'expires_at', s.expires_at,
    'product', json_build_object('id', p.id, 'name', p.name, 'quota_class', p.quota_class,
      'per_minute', q.tokens_per_minute, 'per_day', q.tokens_per_day),
    'scopes', (SELECT coalesce(json_agg(json_build_object('apiId', ps.api_id, 'scope', ps.scope)), '[]')
      FROM product_scopes ps JOIN apis a ON a.id = ps.api_id
      WHERE ps.product_id = p.id AND a.environment = s.environment))
    ORDER BY s.created_at, s.id), '[]')
  FROM subscriptions s JOIN products p ON p.id = s.product_id
    LEFT JOIN quota_classes q ON q.name = p.quota_class
  WHERE s.application_id = clients.application_id AND s.environment = clients.environment
    AND s.state IN ('submitted', 'active', 'suspended')
    AND (s.expires_at IS NULL OR s.expires_at > now())) AS subscriptions`;

/** Clients that the filter names, oldest first. */
export async function selectClients(
  query: Knex,
  filter: { id?: string; applicationId?: string; limit: number },
): Promise<Client[]> {
  // Before the database answers: nothing may seem to live longer than it does.
  const askedAt = performance.now();
  const rows = await query('clients')
    .select('clients.*')
    .select(
      [CREDENTIALS, ENDED_SECRETS, ENTITLEMENTS, APPLICATION, SUBSCRIPTIONS].map((text) =>
        query.raw(text),
      ),
    )
    .modify((builder) => {
      if (filter.id !== undefined) builder.where('clients.id', filter.id);
      if (filter.applicationId !== undefined)
        builder.where('clients.application_id', filter.applicationId);
    })
    .orderBy('created_at')
    .orderBy('id')
    .limit(filter.limit);
  return rows.map((row: ClientRow) => toClient(row, askedAt));
}

interface ClientRow {
  id: string;
  kind: ClientKind;
  name: string;
  first_party: boolean;
  token_endpoint_auth_method: ClientAuthMethod;
  grant_types: string[];
  redirect_uris: Client['redirectUris'];
  post_logout_redirect_uris: string[];
  allowed_cors_origins: string[];
  require_pkce: boolean;
  rotate_refresh_tokens: boolean;
  default_api_id: string | null;
  jwks_uri: string | null;
  connector_ids: string[] | null;
  password_sign_in: boolean;
  environment: Environment | null;
  disabled_at: Date | null;
  created_at: Date;
  credentials: {
    id: string;
    hash: string | null;
    jwk: Record<string, unknown> | null;
    seconds_left: number | null;
  }[];
  ended_secrets: { hash: string; hint: string; ended_at: string; reason: EndedSecret['reason'] }[];
  entitlements: { api_id: string; scope: string }[];
  application: {
    id: string;
    owner_id: string;
    verified: boolean;
    stopped: StopReason | null;
  } | null;
  subscriptions: {
    id: string;
    state: ClientSubscription['state'];
    expires_at: string | null;
    product: {
      id: string;
      name: string;
      quota_class: string | null;
      per_minute: number | null;
      per_day: number | null;
    };
    scopes: ClientSubscription['scopes'];
  }[];
}

function toClient(row: ClientRow, askedAt: number): Client {
  const subscriptions = row.subscriptions.map(toSubscription);
  const active = subscriptions.filter(({ state }) => state === 'active');
  return {
    id: row.id,
    kind: row.kind,
    name: row.name,
    firstParty: row.first_party,
    authMethod: row.token_endpoint_auth_method,
    grantTypes: row.grant_types,
    redirectUris: row.redirect_uris,
    postLogoutRedirectUris: row.post_logout_redirect_uris,
    allowedCorsOrigins: row.allowed_cors_origins,
    requirePkce: row.require_pkce,
    rotateRefreshTokens: row.rotate_refresh_tokens,
    defaultApiId: row.default_api_id ?? undefined,
    jwksUri: row.jwks_uri ?? undefined,
    signIn: { connectors: row.connector_ids ?? undefined, passwords: row.password_sign_in },
    environment: row.environment ?? undefined,
    application: toApplication(row, subscriptions),
    disabledAt: row.disabled_at ?? undefined,
    createdAt: row.created_at,
    ...toCredentials(row, askedAt),
    entitlements: toEntitlements([
      ...row.entitlements.map(({ api_id, scope }) => ({ apiId: api_id, scope })),
      ...active.flatMap(({ scopes }) => scopes),
    ]),
    entitledUntil: earliest(active.map(({ expiresAt }) => expiresAt)),
  };
}

function toCredentials(
  { credentials }: ClientRow,
  askedAt: number,
): Pick<Client, 'secretHashes' | 'keys'> {
  const live = credentials.map(({ seconds_left, ...one }) => ({
    ...one,
    endsAt: seconds_left === null ? Infinity : askedAt + seconds_left * 1000,
  }));
  return {
    secretHashes: live.flatMap(({ id, hash, endsAt }) =>
      hash === null ? [] : { id, hash: Buffer.from(hash, 'hex'), endsAt },
    ),
    keys: live.flatMap(({ id, jwk, endsAt }) => (jwk === null ? [] : { id, jwk, endsAt })),
  };
}

function toApplication(
  { application, ended_secrets }: ClientRow,
  subscriptions: ClientSubscription[],
): ClientApplication | undefined {
  if (!application) return undefined;
  const { id, owner_id: ownerId, verified, stopped } = application;
  const endedSecrets = ended_secrets.map(({ hash, hint, ended_at, reason }) => ({
    ...{ hash: Buffer.from(hash, 'hex'), hint, reason },
    endedAt: new Date(ended_at),
  }));
  return { id, ownerId, verified, stopped: stopped ?? undefined, endedSecrets, subscriptions };
}

function toSubscription({
  product,
  expires_at,
  ...rest
}: ClientRow['subscriptions'][number]): ClientSubscription {
  const { id, name, quota_class, per_minute, per_day } = product;
  return {
    ...rest,
    expiresAt: toDate(expires_at),
    product: {
      ...{ id, name, quotaClass: quota_class ?? undefined },
      quota:
        quota_class === null
          ? undefined
          : { perMinute: per_minute ?? undefined, perDay: per_day ?? undefined },
    },
  };
}

function toEntitlements(given: { apiId: string; scope: string }[]): Client['entitlements'] {
  const entitlements: Client['entitlements'] = new Map();
  for (const { apiId, scope } of given)
    entitlements.set(apiId, (entitlements.get(apiId) ?? new Set()).add(scope));
  return entitlements;
}

function earliest(dates: (Date | undefined)[]): Date | undefined {
  const times = dates.flatMap((date) => (date ? [date.getTime()] : []));
  return times.length > 0 ? new Date(Math.min(...times)) : undefined;
}

function toDate(text: string | null): Date | undefined {
  return text === null ? undefined : new Date(text);
}
