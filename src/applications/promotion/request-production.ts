// Promotion: an application asks to be in production, with products and the addresses that it has there.
import { invalidRequest, notFound } from '../../errors.ts';
import { type Application, lockApplication } from '../../storage/applications.ts';
import { type Client, findApplicationClients } from '../../storage/clients.ts';
import type { Product } from '../../storage/products.ts';
import { findPromotion, savePromotion } from '../../storage/promotions.ts';
import type { Subscription } from '../../storage/subscriptions.ts';
import type { Actor } from '../actor.ts';
import { createProductionClient } from '../create-application.ts';
import type { Addresses } from '../registration/change-addresses.ts';
import { clientUrisProblem } from '../registration/client-uris.ts';
import type { RegistrationDeps } from '../registration/register-client.ts';
import { subscribe } from '../subscriptions/subscribe.ts';

export interface ProductionRequest {
  application: Application;
  /** Those that the person may see, each once. */
  products: Product[];
  /** Of the production client; undefined: as asked before, or there is one already. */
  addresses: Addresses | undefined;
  /** For those who decide. */
  note: string;
}

/**
 * Subscribes an application in production, in the running transaction. What nobody has to approve is
 * active at once, and brings the production client. Asked twice, nothing happens the second time.
 *
 * Throws 400 for addresses that production does not take, 409 for a stopped application or a retired
 * product.
 */
export async function requestProduction(
  deps: RegistrationDeps,
  actor: Actor,
  request: ProductionRequest,
): Promise<Subscription[]> {
  const { products, addresses, note } = request;
  const application = await lockApplication(deps.db, request.application.id);
  if (!application) throw notFound();
  const clients = await findApplicationClients(deps.db, application.id);
  if (!clients.production)
    await keepAddresses(deps, actor, application, addresses, clients.sandbox);
  const subscriptions: Subscription[] = [];
  for (const product of products)
    subscriptions.push(
      await subscribe(deps.db, actor, { application, product, environment: 'production', note }),
    );
  if (subscriptions.some(({ state }) => state === 'active'))
    await createProductionClient(deps, actor, application.id);
  return subscriptions;
}

// They are used when somebody approves, perhaps days later: what is wrong with them is said now.
async function keepAddresses(
  deps: RegistrationDeps,
  actor: Actor,
  application: Application,
  addresses: Addresses | undefined,
  sandbox: Client | undefined,
): Promise<void> {
  const asked = addresses ?? (await findPromotion(deps.db, application.id));
  const { kind } = application;
  const wanted = asked ?? { redirectUris: [], postLogoutRedirectUris: [], allowedCorsOrigins: [] };
  const type = kind === 'machine' ? ('web' as const) : kind;
  const uris = { ...wanted, redirectUris: wanted.redirectUris.map((uri) => ({ uri, type })) };
  const problem = clientUrisProblem({ kind, environment: 'production' }, uris);
  if (problem) throw invalidRequest(problem);
  if (sandbox) await deps.validate({ ...sandbox, ...uris });
  await savePromotion(deps.db, application.id, {
    ...wanted,
    requestedBy: actor.accountId ?? application.ownerId,
  });
}
