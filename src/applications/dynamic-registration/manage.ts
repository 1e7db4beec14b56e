// Managing a registered client with its registration access token (RFC 7592): reading, replacing,
// deleting. What it may not set itself (owner, environment, subscriptions, what an operator gave it)
// is not touched, whatever is sent.
import { describeApplication } from '../../storage/application-changes.ts';
import { type Application, lockApplication } from '../../storage/applications.ts';
import { findClient } from '../../storage/clients.ts';
import type { Database } from '../../storage/database.ts';
import {
  findRegisteredClient,
  replaceRegisteredMetadata,
} from '../../storage/registered-clients.ts';
import { findPolicy, type RegistrationPolicy } from '../../storage/registration-policies.ts';
import { listSubscriptions } from '../../storage/subscriptions.ts';
import type { Actor } from '../actor.ts';
import { expectNoProblem, fieldProblems } from '../application-fields.ts';
import { deleteApplication } from '../lifecycle/end-application.ts';
import { record } from '../record.ts';
import { changeAddresses } from '../registration/change-addresses.ts';
import { subscribe } from '../subscriptions/subscribe.ts';
import type { ClientInformation } from './client-information.ts';
import type { RequestedClient } from './client-metadata.ts';
import { expectAllowed, productsFor, stopped } from './policy.ts';
import { type DynamicRegistrationDeps, loadClient, originsOf } from './register.ts';
import { hashesOf } from './registrar.ts';
import { inRegistrationWords, invalidMetadata, invalidToken } from './registration-errors.ts';
import { replaceKeys } from './replace-keys.ts';

export type ManagedClient = Omit<ClientInformation, 'secret'> & {
  policy: RegistrationPolicy;
  /** Who is taken to do what the token does: the owner. */
  actor: Actor & { accountId: string };
};

/**
 * The client of a registration access token; its application is locked. Throws 401 for a token that is
 * not of this client, or of one that is deleted; 403 when the client is stopped: nobody revives it so.
 */
export async function openClient(
  deps: DynamicRegistrationDeps,
  { clientId, token }: { clientId: string; token: string },
  by: Pick<Actor, 'network' | 'correlationId'>,
): Promise<ManagedClient> {
  const { db, issuer } = deps;
  const hashes = hashesOf(deps.hashKeys, token);
  const registered = await findRegisteredClient(db, { clientId, hashes });
  const before = registered && (await findClient(db, clientId));
  const application = before?.application && (await lockApplication(db, before.application.id));
  const policy = registered && (await findPolicy(db, registered.policy_id));
  if (!registered || !application || !policy || application.eraseAt) throw unknownToken();
  // Passed on, it is looked after by its members alone: whoever registered it has no part in it.
  if (application.ownerId !== policy.owner_id) throw unknownToken();
  const client = await loadClient(deps, clientId);
  if (client.disabledAt || client.application?.stopped) throw stopped();
  const actor = { ...by, kind: 'account' as const, accountId: application.ownerId };
  return { issuer, application, client, registered, token, policy, actor };
}

/**
 * Replaces all that a client may set, by the same rules as when it was registered. Throws 400 in the
 * words of RFC 7591; the client is then as it was.
 */
export async function replaceClient(
  deps: DynamicRegistrationDeps,
  managed: ManagedClient,
  requested: RequestedClient,
): Promise<ManagedClient> {
  const { db } = deps;
  const { policy, client, application, actor } = managed;
  expectSame(application, requested);
  expectAllowed(policy, requested);
  await subscribeFurther(db, managed, requested);
  await inRegistrationWords(async () => {
    const { description } = application;
    const about = {
      name: requested.name ?? application.name,
      homepage: requested.homepage,
      description,
    };
    expectNoProblem(fieldProblems(about, deps.productName));
    await describeApplication(db, application.id, about);
    await changeAddresses(deps, actor, client, {
      redirectUris: requested.redirectUris,
      postLogoutRedirectUris: requested.postLogoutRedirectUris,
      // They are not part of the request: what its owner added stays.
      allowedCorsOrigins: [...new Set([...client.allowedCorsOrigins, ...originsOf(requested)])],
    });
    await replaceKeys(deps, actor, client, requested);
  });
  await replaceRegisteredMetadata(db, client.id, requested.kept);
  await record(db, actor, {
    type: 'application.registration-changed',
    ...{ applicationId: application.id, clientId: client.id, data: { policy_id: policy.id } },
  });
  const registered = { ...managed.registered, metadata: requested.kept };
  const now = await lockApplication(db, application.id);
  return {
    ...managed,
    registered,
    application: now ?? application,
    client: await loadClient(deps, client.id),
  };
}

/** Deletes the application of a client; its owner can take that back for 30 days. */
export async function deregister(
  db: Database,
  { actor, application }: ManagedClient,
): Promise<void> {
  await deleteApplication(db, actor, application);
}

function unknownToken() {
  return invalidToken('The registration access token is not of this client.');
}

function expectSame({ kind }: Application, requested: RequestedClient): void {
  if (requested.kind === kind) return;
  throw invalidMetadata(
    `This is a ${kind} client and stays one; grant_types, application_type and token_endpoint_auth_method say ${requested.kind}: register another client.`,
  );
}

// Only to what it never was subscribed to: what somebody ended or refused does not come back this way.
async function subscribeFurther(
  db: Database,
  { policy, application, client, actor }: ManagedClient,
  requested: RequestedClient,
): Promise<void> {
  const products = await productsFor(db, policy, requested.scopes);
  // A revoked policy takes nothing from those that it let in, and gives them nothing more.
  if (requested.scopes === undefined || policy.revoked_at) return;
  const { environment = 'sandbox' } = client;
  const known = await listSubscriptions(db, { applicationId: application.id, limit: 1000 });
  const ids = known.filter((one) => one.environment === environment).map((one) => one.productId);
  for (const product of products.filter(({ id }) => !ids.includes(id)))
    await subscribe(db, actor, { application, product, environment, note: '' });
}
