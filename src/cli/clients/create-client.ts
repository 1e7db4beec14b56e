// clients create: from options to a registration, and the secret shown once.
import type { Command } from 'commander';
import {
  type ClientRequest,
  registerClient,
} from '../../applications/registration/register-client.ts';
import { findApi } from '../../catalog/apis.ts';
import { UsageError } from '../../errors.ts';
import { createMetadataValidator } from '../../oidc/metadata-validator.ts';
import { type Api, listApis, setApiClient } from '../../storage/apis.ts';
import { insertAuditEvents } from '../../storage/audit-events.ts';
import { findClient } from '../../storage/clients.ts';
import type { Database } from '../../storage/database.ts';
import { OPERATOR, withInstallation } from '../open.ts';
import { note, printFields, printJson } from '../print.ts';
import { type CreateOptions, conflictOf, createOptions } from './create-options.ts';
import { readPublicKeys } from './public-keys.ts';

/** Registers the client that the options describe. Options that do not fit together are a usage error. */
export async function runCreateClient(raw: unknown, command: Command): Promise<void> {
  const options = createOptions.parse(raw);
  const conflict = conflictOf(options);
  if (conflict) command.error(`error: ${conflict}`);
  const jwks = options.jwks === undefined ? undefined : readPublicKeys(options.jwks);
  const created = await withInstallation(async ({ db, secrets }) => {
    const apis = await listApis(db);
    const { hashKeys } = await secrets();
    const own = await ownApis(db, apis, options.introspects);
    const request = { ...toRequest(options, apis), jwks };
    const validate = await createMetadataValidator();
    const { id, secret } = await registerClient({ db, validate, hashKeys }, request);
    for (const api of own) await setApiClient(db, api.id, id);
    const detail = {
      by: OPERATOR,
      kind: request.kind,
      introspects: own.map((api) => api.resource),
    };
    const event = { type: 'client.registered', clientId: id, detail };
    await insertAuditEvents(db, [event]);
    return { client_id: id, client_secret: secret };
  });
  printCreated(created, options);
}

function toRequest(options: CreateOptions, apis: Api[]): ClientRequest {
  const { kind } = options;
  const type = kind === 'spa' || kind === 'native' ? kind : 'web';
  const named = options.api.map((name) => loadApi(apis, name));
  return {
    kind,
    name: options.name,
    firstParty: options.firstParty,
    redirectUris: [
      ...options.redirectUri.map((uri) => ({ uri, type }) as const),
      ...options.spaRedirectUri.map((uri) => ({ uri, type: 'spa' }) as const),
    ],
    postLogoutRedirectUris: options.postLogoutRedirectUri,
    allowedCorsOrigins: options.origin,
    requirePkce: options.pkce,
    ...(options.rotateRefreshTokens ? { rotateRefreshTokens: true } : {}),
    entitlements: chooseScopes([...new Set(named)], options.scope),
    defaultApi: named[0],
  };
}

// Without --scope all scopes of the named APIs, else those; none may be without effect.
function chooseScopes(apis: Api[], scopes: string[]): ClientRequest['entitlements'] {
  const known = apis.flatMap((api) => api.scopes.map(({ name }) => name));
  const unknown = scopes.find((scope) => !known.includes(scope));
  if (unknown !== undefined) {
    throw new UsageError(
      `The scope ${unknown} is not one of the APIs named with --api, which have ${[...new Set(known)].join(', ')}. (Scopes of OpenID Connect, such as openid, need not be given.)`,
    );
  }
  return apis.map((api) => {
    const own = api.scopes.map(({ name }) => name);
    const chosen = scopes.length === 0 ? own : own.filter((name) => scopes.includes(name));
    if (chosen.length === 0) {
      throw new UsageError(
        `None of the scopes is one of ${api.resource}, which has ${own.join(', ')}: add one, or leave that --api out.`,
      );
    }
    return { api, scopes: chosen };
  });
}

function loadApi(apis: Api[], name: string): Api {
  const api = findApi(apis, name);
  if (api) return api;
  const known = apis.map(({ resource }) => resource).join(', ');
  throw new UsageError(
    known
      ? `There is no API ${name}. The APIs are ${known}.`
      : `There is no API ${name}, nor any other: register it with \`gatehouse apis create\` first.`,
  );
}

// Two clients cannot own one API: the one that does would lose its introspection without a word.
async function ownApis(db: Database, apis: Api[], names: string[]): Promise<Api[]> {
  const own = names.map((name) => loadApi(apis, name));
  for (const { resource, clientId } of own) {
    const owner = clientId === undefined ? undefined : await findClient(db, clientId);
    if (owner && !owner.disabledAt)
      throw new UsageError(
        `${resource} is introspected by ${owner.id} (${owner.name}) already: disable that client first.`,
      );
  }
  return own;
}

function printCreated(
  created: { client_id: string; client_secret: string | undefined },
  { kind, name, json }: CreateOptions,
): void {
  const { client_id, client_secret } = created;
  if (json) printJson({ client_id, client_secret: client_secret ?? null, kind, name });
  else {
    const fields: [string, string][] = [['client_id', client_id]];
    if (client_secret !== undefined) fields.push(['client_secret', client_secret]);
    printFields(fields);
  }
  if (client_secret !== undefined)
    note('The secret is not shown again: store it now where the client finds it.');
}
