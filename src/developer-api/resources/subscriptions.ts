// /me/applications/{id}/subscriptions: what the application may call, in each environment.
import { z } from 'zod';
import { cancelSubscription } from '../../applications/subscriptions/end-subscription.ts';
import { subscribe } from '../../applications/subscriptions/subscribe.ts';
import { notFound } from '../../errors.ts';
import { findVisibleProduct } from '../../storage/products.ts';
import {
  findSubscription,
  listSubscriptions,
  type Subscription,
} from '../../storage/subscriptions.ts';
import { type Endpoint, endpoint } from '../endpoint.ts';
import { loadApplication, lockOwnApplication } from './application-shape.ts';

const moment = z.iso.datetime();
export const subscription = z
  .strictObject({
    id: z.string(),
    product_id: z.string(),
    environment: z.enum(['sandbox', 'production']),
    state: z.enum(['submitted', 'active', 'suspended', 'cancelled', 'expired', 'rejected']),
    note: z.string(),
    created_at: moment,
    changed_at: moment,
    expires_at: moment.nullable(),
  })
  .meta({ id: 'Subscription' });

/** The latest ones; who needs more has a support case, not a page. */
const MOST_SHOWN = 200;
const nothing = z.strictObject({});
const path = '/me/applications/{id}/subscriptions';

export const SUBSCRIPTIONS: Endpoint[] = [
  endpoint({
    method: 'GET',
    path,
    name: 'listSubscriptions',
    summary: `The subscriptions of an application, the newest first, at most ${MOST_SHOWN}.`,
    scope: 'applications:read',
    query: nothing,
    body: nothing,
    status: 200,
    answer: z.strictObject({ data: z.array(subscription) }),
    refusals: [404],
    async work(deps, call) {
      const { id } = await loadApplication(deps, call);
      const found = await listSubscriptions(deps.db, { applicationId: id, limit: MOST_SHOWN });
      return { body: { data: found.map(describeSubscription) } };
    },
  }),
  endpoint({
    method: 'POST',
    path,
    name: 'createSubscription',
    summary:
      'Subscribes an application to a product in the sandbox; one that is open is answered as it is.',
    scope: 'subscriptions:write',
    query: nothing,
    body: z.strictObject({ product_id: z.string() }),
    status: 201,
    answer: subscription,
    refusals: [404, 409],
    async work(deps, call) {
      const { db } = deps;
      const application = await lockOwnApplication(deps, call);
      const product = await findVisibleProduct(db, call.account.id, call.body.product_id);
      if (!product) throw notFound();
      const request = { application, product, environment: 'sandbox', note: '' } as const;
      return { body: describeSubscription(await subscribe(db, call.actor, request)) };
    },
  }),
  endpoint({
    method: 'DELETE',
    path: `${path}/{subscription_id}`,
    name: 'cancelSubscription',
    summary: 'Ends a subscription: its scopes are gone from all tokens to come.',
    scope: 'subscriptions:write',
    query: nothing,
    body: nothing,
    status: 200,
    answer: subscription,
    refusals: [404, 409],
    async work(deps, call) {
      const { id } = await lockOwnApplication(deps, call);
      const found = await findSubscription(deps.db, call.params['subscription_id'] ?? '');
      if (found?.applicationId !== id) throw notFound();
      const request = { subscription: found, reason: '' };
      return { body: describeSubscription(await cancelSubscription(deps.db, call.actor, request)) };
    },
  }),
];

/** A subscription as the API shows it. */
export function describeSubscription(found: Subscription): z.infer<typeof subscription> {
  const { id, environment, state, note } = found;
  return {
    ...{ id, environment, state, note },
    product_id: found.productId,
    created_at: found.createdAt.toISOString(),
    changed_at: found.changedAt.toISOString(),
    expires_at: found.expiresAt?.toISOString() ?? null,
  };
}
