// Registering a client by program (RFC 7591): it becomes an application of the account that the
// policy names, like any that a person creates.
import type { Application } from '../../storage/applications.ts';
import { type Client, findClient } from '../../storage/clients.ts';
import { setJwksUri } from '../../storage/credentials.ts';
import type { Product } from '../../storage/products.ts';
import { insertRegisteredClient } from '../../storage/registered-clients.ts';
import { type RegistrationPolicy, takeUse } from '../../storage/registration-policies.ts';
import type { Actor } from '../actor.ts';
import { type ApplicationDeps, createApplication } from '../create-application.ts';
import { record } from '../record.ts';
import { createSecret, hashClientSecret } from '../registration/client-secrets.ts';
import { registerClient } from '../registration/register-client.ts';
import { subscribe } from '../subscriptions/subscribe.ts';
import type { ClientInformation } from './client-information.ts';
import type { RequestedClient } from './client-metadata.ts';
import { expectAllowed, productsFor } from './policy.ts';
import { MANAGEMENT_PREFIX } from './registrar.ts';
import { inRegistrationWords, invalidToken } from './registration-errors.ts';

export interface DynamicRegistrationDeps extends ApplicationDeps {
  issuer: string;
}

type Owner = Actor & { accountId: string };

/**
 * Registers a client under a policy, in the running transaction. Throws 400 in the words of RFC 7591,
 * 401 when another request used the token up, 409 when the owner has as many applications as they may.
 */
export async function registerDynamically(
  deps: DynamicRegistrationDeps,
  policy: RegistrationPolicy,
  requested: RequestedClient,
  by: Pick<Actor, 'network' | 'correlationId'>,
): Promise<ClientInformation> {
  const { db, hashKeys } = deps;
  const [hashKey] = hashKeys;
  if (!hashKey) throw new Error('no hash key is configured');
  expectAllowed(policy, requested);
  const products = await productsFor(db, policy, requested.scopes);
  if (!(await takeUse(db, policy.id)))
    throw invalidToken('The token was used up by another request.');
  const actor: Owner = { ...by, kind: 'account', accountId: policy.owner_id };
  const created = await inRegistrationWords(() => create(deps, actor, policy, requested, products));
  const { application, clientId, secret } = created;
  if (requested.jwksUri) await setJwksUri(db, clientId, requested.jwksUri);
  const token = createSecret(MANAGEMENT_PREFIX);
  const registered = await insertRegisteredClient(db, {
    ...{ client_id: clientId, policy_id: policy.id, metadata: requested.kept },
    token_hash: hashClientSecret(hashKey, token),
  });
  await record(db, actor, {
    type: 'application.registered',
    ...{ applicationId: application.id, clientId, data: { policy_id: policy.id } },
  });
  const client = await loadClient(deps, clientId);
  return { issuer: deps.issuer, application, client, registered, token, secret };
}

async function create(
  deps: DynamicRegistrationDeps,
  actor: Owner,
  policy: RegistrationPolicy,
  requested: RequestedClient,
  products: Product[],
): Promise<{ application: Application; clientId: string; secret: string | undefined }> {
  const isSandbox = policy.environment === 'sandbox';
  const uris = {
    redirectUris: requested.redirectUris,
    postLogoutRedirectUris: requested.postLogoutRedirectUris,
    allowedCorsOrigins: originsOf(requested),
  };
  const made = await createApplication(deps, actor, {
    ...uris,
    kind: requested.kind,
    name: requested.name ?? 'Registered application',
    description: '',
    homepage: requested.homepage,
    jwks: requested.jwks,
    withoutSecret: !isSandbox || requested.jwksUri !== undefined,
    productIds: isSandbox ? products.map(({ id }) => id) : [],
  });
  const { application, client, secret } = made;
  if (isSandbox) return { application, clientId: client.id, secret };
  const type = requested.kind === 'machine' ? 'web' : requested.kind;
  const production = await registerClient(deps, {
    ...{ ...uris, redirectUris: uris.redirectUris.map((uri) => ({ uri, type })) },
    ...{ kind: requested.kind, name: application.name, firstParty: false, requirePkce: true },
    ...{ entitlements: [], jwks: requested.jwks },
    withoutSecret: requested.jwksUri !== undefined,
    application: { id: application.id, environment: 'production' },
  });
  for (const product of products)
    await subscribe(deps.db, actor, { application, product, environment: 'production', note: '' });
  return { application, clientId: production.id, secret: production.secret };
}

/** A browser's code calls from where its people are sent back to. */
export function originsOf({ kind, redirectUris }: RequestedClient): string[] {
  if (kind !== 'spa') return [];
  const origins = redirectUris.map((uri) => URL.parse(uri)?.origin ?? 'null');
  return [...new Set(origins)].filter((origin) => origin !== 'null');
}

/** The client as it is now. */
export async function loadClient(
  { db }: Pick<DynamicRegistrationDeps, 'db'>,
  id: string,
): Promise<Client> {
  const client = await findClient(db, id);
  if (!client) throw new Error(`the client ${id} is not there`);
  return client;
}
