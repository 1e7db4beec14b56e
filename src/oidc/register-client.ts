// Registering a client: our policy first, then the library's own schema, then one transaction.
import { randomBytes } from 'node:crypto';
import type { Api } from '../catalog/apis.ts';
import { invalidRequest } from '../errors.ts';
import {
  type Client,
  type ClientKind,
  insertClient,
  type NewClient,
  type RedirectUriType,
} from '../storage/clients.ts';
import type { Database } from '../storage/database.ts';
import { toMetadata } from './client-metadata.ts';
import { createClientSecret, hashClientSecret, secretHint } from './client-secrets.ts';
import type { ValidateMetadata } from './metadata-validator.ts';
import { originProblem, redirectUriProblem } from './redirect-uri-policy.ts';

export interface ClientRequest {
  kind: ClientKind;
  name: string;
  firstParty: boolean;
  redirectUris: { uri: string; type: RedirectUriType }[];
  postLogoutRedirectUris: string[];
  allowedCorsOrigins: string[];
  requirePkce: boolean;
  /** A public key set makes the client authenticate by private_key_jwt (RFC 7523). */
  jwks?: NewClient['jwks'];
  /** The scopes that the client is given, by API. */
  entitlements: { api: Api; scopes: string[] }[];
  defaultApi?: Api | undefined;
}

export interface RegistrationDeps {
  db: Database;
  validate: ValidateMetadata;
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
  const [hashKey] = deps.hashKeys;
  if (!hashKey) throw new Error('no hash key is configured');
  const authMethod = authMethodOf(request);
  const secret = authMethod === 'client_secret_basic' ? createClientSecret() : undefined;
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
    defaultApiId: request.defaultApi?.id,
    jwks: request.jwks,
    entitlements: request.entitlements.flatMap(({ api, scopes }) =>
      scopes.map((scope) => ({ apiId: api.id, scope })),
    ),
    secrets: secret
      ? [
          {
            id: `cr_${randomBytes(12).toString('hex')}`,
            name: 'first secret',
            hash: hashClientSecret(hashKey, secret),
            hint: secretHint(secret),
          },
        ]
      : [],
  };
  await deps.validate(toMetadata(asStored(client), 'registered'));
  await insertClient(deps.db, client);
  return { id: client.id, secret };
}

function authMethodOf(request: ClientRequest): Client['authMethod'] {
  if (PUBLIC_KINDS.includes(request.kind)) return 'none';
  return request.jwks ? 'private_key_jwt' : 'client_secret_basic';
}

function checkPolicy(request: ClientRequest): void {
  const { kind, redirectUris } = request;
  if (!/^[^\p{C}]{1,100}$/u.test(request.name.trim()))
    throw invalidRequest('name must have 1 to 100 characters and no control characters');
  const redirects = GRANT_TYPES[kind].includes('authorization_code');
  if (redirects && redirectUris.length === 0)
    throw invalidRequest(`a ${kind} client needs at least one redirect URI`);
  if (!redirects && redirectUris.length > 0)
    throw invalidRequest(`a ${kind} client has no redirect URIs`);
  for (const { uri, type } of redirectUris) {
    const expected = kind === 'mixed' ? ['web', 'spa'] : [kind];
    if (!expected.includes(type))
      throw invalidRequest(`redirect URI ${uri}: a ${kind} client takes the type ${expected.join(' or ')}`);
    const problem = redirectUriProblem(uri, type);
    if (problem) throw invalidRequest(`redirect URI ${uri} ${problem}`);
  }
  for (const uri of request.postLogoutRedirectUris) {
    const problem = redirectUriProblem(uri, kind === 'native' ? 'native' : 'web');
    if (problem) throw invalidRequest(`post-logout redirect URI ${uri} ${problem}`);
  }
  for (const origin of request.allowedCorsOrigins) {
    const problem = originProblem(origin);
    if (problem) throw invalidRequest(`CORS origin ${origin} ${problem}`);
  }
  for (const { api, scopes } of request.entitlements) {
    const unknown = scopes.find((scope) => !api.scopes.some(({ name }) => name === scope));
    if (unknown) throw invalidRequest(`scope ${unknown} is not one of ${api.resource}`);
  }
}

// The schema sees the client as it will be looked up.
function asStored(client: NewClient): Client {
  return {
    ...client,
    disabledAt: undefined,
    createdAt: new Date(),
    secretHashes: [],
    entitlements: new Map(),
  };
}
