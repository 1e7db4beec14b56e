// Creating an application: its row, its sandbox client with a first secret, its first subscriptions.
import { AppError, notFound } from '../errors.ts';
import { countOwnApplications, findOwnApplicationByName } from '../storage/application-changes.ts';
import { type Application, insertApplication, lockApplication } from '../storage/applications.ts';
import { type Client, findApplicationClients } from '../storage/clients.ts';
import type { Database } from '../storage/database.ts';
import { findVisibleProduct } from '../storage/products.ts';
import { findPromotion } from '../storage/promotions.ts';
import type { Actor } from './actor.ts';
import { expectNoProblem, fieldProblems } from './application-fields.ts';
import { record } from './record.ts';
import {
  type ClientRequest,
  type RegistrationDeps,
  registerClient,
} from './registration/register-client.ts';
import { subscribe } from './subscriptions/subscribe.ts';

export interface ApplicationRequest
  extends Pick<Application, 'kind' | 'name' | 'description' | 'homepage'> {
  /** Of the sandbox client. */
  redirectUris: string[];
  postLogoutRedirectUris: string[];
  allowedCorsOrigins: string[];
  jwks?: ClientRequest['jwks'];
  /** Products to subscribe the sandbox client to. */
  productIds: string[];
  /** A confidential client without a first secret: its keys are elsewhere, or its owner adds one. */
  withoutSecret?: boolean;
}

export interface ApplicationDeps extends RegistrationDeps {
  /** Applications that one account may own. */
  maxApplications: number;
  /** No application may take this name. */
  productName: string;
}

export interface CreatedApplication {
  application: Application;
  client: Client;
  /** Of a confidential client without keys; it is shown now or never. */
  secret: string | undefined;
}

/**
 * Creates an application of an account. Throws 400 that names the field and the remedy, 404 for a
 * product that the owner cannot see, 409 when they own as many as they may.
 */
export async function createApplication(
  deps: ApplicationDeps,
  actor: Actor & { accountId: string },
  request: ApplicationRequest,
): Promise<CreatedApplication> {
  const { db } = deps;
  expectNoProblem(fieldProblems(request, deps.productName));
  await expectRoom(deps, actor.accountId);
  const application = await insertApplication(db, { ...request, ownerId: actor.accountId });
  const { id, secret } = await registerClient(deps, {
    ...clientOf(application),
    ...urisOf(application, request),
    jwks: request.jwks,
    withoutSecret: request.withoutSecret ?? false,
    application: { id: application.id, environment: 'sandbox' },
  });
  await record(db, actor, {
    type: 'application.created',
    applicationId: application.id,
    clientId: id,
    data: { kind: application.kind, name: application.name },
  });
  for (const productId of new Set(request.productIds)) {
    const product = await findVisibleProduct(db, actor.accountId, productId);
    if (!product) throw notFound();
    await subscribe(db, actor, { application, product, environment: 'sandbox', note: '' });
  }
  return { application, client: await loadClient(db, application.id, 'sandbox'), secret };
}

/**
 * Throws 409 when an account owns as many applications as it may; who gets one at the same time
 * waits, so that no race gets past the limit.
 */
export async function expectRoom(
  { db, maxApplications }: Pick<ApplicationDeps, 'db' | 'maxApplications'>,
  accountId: string,
): Promise<void> {
  if ((await countOwnApplications(db, accountId)) < maxApplications) return;
  throw new AppError(
    409,
    'limit_reached',
    `An account has at most ${maxApplications} applications: delete one that is not needed any more.`,
    { key: 'application.too-many', values: { most: maxApplications } },
  );
}

/** Throws 409 when the account owns another application of this name, in any letter case. */
export async function expectNewName(db: Database, accountId: string, name: string): Promise<void> {
  const same = await findOwnApplicationByName(db, accountId, name);
  if (!same) return;
  throw new AppError(409, 'name_taken', `There is an application ${same.name} already.`, {
    key: 'application.name-taken',
    values: { id: same.id, name: same.name },
  });
}

/**
 * Creates the production client that an application asked for, if it has none yet; it has no secret
 * until its owner adds one. Throws 400 for URIs that production does not take.
 */
export async function createProductionClient(
  deps: RegistrationDeps,
  actor: Actor,
  applicationId: string,
): Promise<Client> {
  const application = await lockApplication(deps.db, applicationId);
  if (!application) throw notFound();
  const { production } = await findApplicationClients(deps.db, applicationId);
  if (production) return production;
  const promotion = await findPromotion(deps.db, applicationId);
  const uris = promotion ?? {
    redirectUris: [],
    postLogoutRedirectUris: [],
    allowedCorsOrigins: [],
  };
  const { id } = await registerClient(deps, {
    ...clientOf(application),
    ...urisOf(application, uris),
    application: { id: applicationId, environment: 'production' },
    withoutSecret: true,
  });
  await record(deps.db, actor, {
    type: 'application.promoted',
    applicationId,
    clientId: id,
  });
  return loadClient(deps.db, applicationId, 'production');
}

function clientOf({ kind, name }: Application) {
  return { kind, name, firstParty: false, requirePkce: true, entitlements: [] };
}

function urisOf(
  { kind }: Application,
  uris: Pick<ApplicationRequest, 'redirectUris' | 'postLogoutRedirectUris' | 'allowedCorsOrigins'>,
) {
  const type = kind === 'machine' ? 'web' : kind;
  return {
    redirectUris: uris.redirectUris.map((uri) => ({ uri, type })),
    postLogoutRedirectUris: uris.postLogoutRedirectUris,
    allowedCorsOrigins: uris.allowedCorsOrigins,
  };
}

async function loadClient(
  db: Database,
  applicationId: string,
  environment: 'sandbox' | 'production',
): Promise<Client> {
  const client = (await findApplicationClients(db, applicationId))[environment];
  if (!client) throw new Error(`the client of ${applicationId} was not stored`);
  return client;
}
