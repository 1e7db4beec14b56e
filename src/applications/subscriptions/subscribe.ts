// Subscribing an application to a product: at once in the sandbox, by the product's policy in production.
import { AppError } from '../../errors.ts';
import type { Application } from '../../storage/applications.ts';
import type { Environment } from '../../storage/clients.ts';
import type { Database } from '../../storage/database.ts';
import type { Product } from '../../storage/products.ts';
import { countRecentRequests } from '../../storage/subscription-lists.ts';
import { insertSubscription, type Subscription } from '../../storage/subscriptions.ts';
import type { Actor } from '../actor.ts';
import { tellOf } from './subscription-state.ts';

export interface SubscriptionRequest {
  application: Application;
  /** One that the person may see. */
  product: Product;
  environment: Environment;
  /** For those who decide. */
  note: string;
}

/**
 * Subscribes an application. A subscription that is open already is returned as it is. Throws 409
 * for a stopped application or a retired product.
 */
export async function subscribe(
  db: Database,
  actor: Actor,
  { application, product, environment, note }: SubscriptionRequest,
): Promise<Subscription> {
  expectOpen(application, product);
  if (environment === 'production') await expectFew(db, application);
  const automatic = environment === 'sandbox' || product.approval === 'automatic';
  const { subscription, isNew } = await insertSubscription(
    db,
    {
      ...{ applicationId: application.id, productId: product.id, environment, note },
      state: automatic ? 'active' : 'submitted',
      expiresAt: automatic ? endOf(product, environment) : undefined,
    },
    { actor: actor.kind, accountId: actor.accountId },
  );
  if (isNew)
    await tellOf(db, actor, subscription, {
      news: automatic ? 'activated' : 'submitted',
      reason: '',
    });
  return subscription;
}

/** When a subscription that becomes active now ends; a sandbox has no end. */
export function endOf(product: Product, environment: Environment): Date | undefined {
  const { lifetimeDays } = product;
  if (environment === 'sandbox' || lifetimeDays === undefined) return undefined;
  return new Date(Date.now() + lifetimeDays * 86_400_000);
}

// Each request is a mail to those who decide: asking and cancelling in turn must not flood them.
const MOST_REQUESTS = 50;

async function expectFew(db: Database, { id }: Application): Promise<void> {
  if ((await countRecentRequests(db, id)) < MOST_REQUESTS) return;
  throw new AppError(
    429,
    'rate_limited',
    `An application may ask for ${MOST_REQUESTS} production subscriptions a day. Try again tomorrow.`,
    { headers: { 'Retry-After': '3600' }, key: 'subscription.too-many' },
  );
}

function expectOpen(application: Application, product: Product): void {
  if (product.retiredAt)
    throw new AppError(409, 'conflict', `${product.name} takes no new subscriptions.`, {
      key: 'subscription.retired',
      values: { name: product.name },
    });
  if (application.suspendedAt || application.eraseAt)
    throw new AppError(
      409,
      'conflict',
      `${application.name} is suspended or deleted: it cannot subscribe to anything.`,
      { key: 'subscription.application-stopped', values: { name: application.name } },
    );
}
