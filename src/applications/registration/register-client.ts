// Registering a client: our policy first, then the library's own schema, then one transaction.
import { randomBytes } from 'node:crypto';
import type { Api } from '../../catalog/apis.ts';
import { OWN_API_ID, personalScope } from '../../catalog/own-api.ts';
import { invalidRequest } from '../../errors.ts';
import {
  type Client,
  type ClientKind,
  type Environment,
  insertClient,
  type NewClient,
  type RedirectUriType,
} from '../../storage/clients.ts';
import type { Database } from '../../storage/database.ts';
import { createClientSecret, hashClientSecret, secretHint } from './client-secrets.ts';
import { clientUrisProblem } from './client-uris.ts';
import { publicKeysProblem, withKeyIds } from './public-keys.ts';

export interface ClientRequest {
  kind: ClientKind;
  name: string;
  firstParty: boolean;
  redirectUris: { uri: string; type: RedirectUriType }[];
  postLogoutRedirectUris: string[];
  allowedCorsOrigins: string[];
  requirePkce: boolean;
  /** Each use of a refresh token replaces it, as it always does for a public client. */
  rotateRefreshTokens?: boolean;
  /** A public key set makes the client authenticate by private_key_jwt (RFC 7523). */
  jwks?: { keys: Record<string, unknown>[] } | undefined;
  /** The scopes that the client is given, by API. */
  entitlements: { api: Api; scopes: string[] }[];
  defaultApi?: Api | undefined;
  /** The application that it is the client of, in an environment. */
  application?: { id: string; environment: Environment };
  /** A confidential client without a first secret: its owner adds one, and sees it. */
  withoutSecret?: boolean;
}

export interface RegistrationDeps {
  db: Database;
  /** The library's own schema; throws 400 with its sentence. See oidc/metadata-validator.ts. */
  validate: (client: Client) => Promise<void>;
  hashKeys: Buffer[];
}

const PUBLIC_KINDS: ClientKind[] = ['spa', 'native'];
const GRANT_TYPES: Record<ClientKind, string[]> = {
  web: ['authorization_code', 'refresh_token'],
  spa: ['authorization_code', 'refresh_token'],
  native: ['authorization_code', 'refresh_token'],
  mixed: ['authorization_code', 'client_credentials'],
  machine: ['client_credentials'],
  'resource-server': [],
};

/**
 * Creates a client. The secret is returned once and stored as a keyed hash only.
 * Throws 400 that names the field and the remedy.
 */
export async function registerClient(
  deps: RegistrationDeps,
  request: ClientRequest,
): Promise<{ id: string; secret: string | undefined }> {
  checkPolicy(request);
  const authMethod = authMethodOf(request);
  const first = await firstCredentials(deps, request, authMethod);
  const client: NewClient = {
    id: `c_${randomBytes(12).toString('hex')}`,
    kind: request.kind,
    name: request.name.trim(),
    firstParty: request.firstParty,
    authMethod,
    grantTypes: GRANT_TYPES[request.kind],
    redirectUris: request.redirectUris,
    postLogoutRedirectUris: request.postLogoutRedirectUris,
    allowedCorsOrigins: request.allowedCorsOrigins,
    requirePkce: request.requirePkce,
    rotateRefreshTokens: request.rotateRefreshTokens ?? authMethod === 'none',
    defaultApiId: request.defaultApi?.id,
    applicationId: request.application?.id,
    environment: environmentOf(request),
    entitlements: request.entitlements.flatMap(({ api, scopes }) =>
      scopes.map((scope) => ({ apiId: api.id, scope })),
    ),
    credentials: first.credentials,
  };
  await deps.validate(asStored(client));
  await insertClient(deps.db, client);
  return { id: client.id, secret: first.secret };
}

async function firstCredentials(
  { hashKeys: [hashKey] }: RegistrationDeps,
  { jwks, withoutSecret }: ClientRequest,
  authMethod: Client['authMethod'],
): Promise<{ credentials: NewClient['credentials']; secret: string | undefined }> {
  if (!hashKey) throw new Error('no hash key is configured');
  const newId = () => `cr_${randomBytes(12).toString('hex')}`;
  const keys = await withKeyIds(jwks?.keys ?? []);
  const credentials: NewClient['credentials'] = keys.map((publicKey) => ({
    ...{ id: newId(), name: 'first key', hint: publicKey.kid, publicKey },
  }));
  if (authMethod !== 'client_secret_basic' || withoutSecret)
    return { credentials, secret: undefined };
  const secret = createClientSecret();
  const secretHash = hashClientSecret(hashKey, secret);
  credentials.push({ id: newId(), name: 'first secret', hint: secretHint(secret), secretHash });
  return { credentials, secret };
}

// A test console is for the sandbox, whoever registers it: its tokens are seen by many.
function environmentOf({ kind, application }: ClientRequest): Environment | undefined {
  return kind === 'mixed' ? 'sandbox' : application?.environment;
}

function authMethodOf(request: ClientRequest): Client['authMethod'] {
  if (PUBLIC_KINDS.includes(request.kind)) return 'none';
  return request.jwks ? 'private_key_jwt' : 'client_secret_basic';
}

function checkPolicy(request: ClientRequest): void {
  const problem =
    nameProblem(request) ??
    clientUrisProblem({ kind: request.kind, environment: environmentOf(request) }, request) ??
    keysProblem(request) ??
    entitlementProblem(request);
  if (problem) throw invalidRequest(problem);
}

function nameProblem({ name }: ClientRequest): string | undefined {
  return /^[^\p{C}\p{Zl}\p{Zp}]{1,100}$/u.test(name.trim())
    ? undefined
    : 'name must have 1 to 100 characters and no control characters';
}

function keysProblem({ kind, jwks, requirePkce }: ClientRequest): string | undefined {
  const isPublic = PUBLIC_KINDS.includes(kind);
  if (isPublic && !requirePkce) return `a ${kind} client cannot do without PKCE`;
  if (isPublic && jwks) return `a ${kind} client has no key of its own`;
  return jwks && publicKeysProblem(jwks);
}

function entitlementProblem(request: ClientRequest): string | undefined {
  for (const { api, scopes } of request.entitlements) {
    const problem = apiProblem(request, api) ?? scopesProblem(request, api, scopes);
    if (problem) return problem;
  }
  return undefined;
}

function apiProblem(request: ClientRequest, api: Api): string | undefined {
  const environment = environmentOf(request);
  return environment === undefined || api.environment === environment
    ? undefined
    : `${api.resource} is a ${api.environment} API, and this is a ${environment} client: it can never hold its audience`;
}

function scopesProblem({ kind }: ClientRequest, api: Api, scopes: string[]): string | undefined {
  const unknown = scopes.find((scope) => !api.scopes.some(({ name }) => name === scope));
  if (unknown) return `scope ${unknown} is not one of ${api.resource}`;
  const personal = kind === 'machine' && api.id === OWN_API_ID && personalScope(scopes);
  return personal
    ? `scope ${personal} is about a person's own things: a machine has none`
    : undefined;
}

// The schema sees the client as it will be looked up.
function asStored(client: NewClient): Client {
  return {
    ...client,
    signIn: { connectors: undefined, passwords: true },
    disabledAt: undefined,
    createdAt: new Date(),
    secretHashes: [],
    keys: client.credentials.flatMap((one) =>
      'publicKey' in one ? { id: one.id, jwk: one.publicKey, endsAt: Infinity } : [],
    ),
    jwksUri: undefined,
    entitlements: new Map(),
    application: undefined,
    entitledUntil: undefined,
  };
}
