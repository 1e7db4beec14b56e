// /applications/<id>/subscriptions: what an application has, what became of what it asked for, cancelling.
import type Router from '@koa/router';
import type { Context } from 'koa';
import { z } from 'zod';
import { readOwnForm } from '../../accounts/self-care/self-care.ts';
import { notFound } from '../../errors.ts';
import { momentOf } from '../../http/moments.ts';
import { listFiltered, listHistory } from '../../storage/subscription-lists.ts';
import { findSubscription } from '../../storage/subscriptions.ts';
import { actorOf } from '../actor.ts';
import { doneNotice, goOnTo } from '../pages/developer-page.ts';
import {
  type OwnApplication,
  showApplicationPage,
  whenOwnApplication,
} from '../pages/own-application.ts';
import { describeHistory } from '../products/describe.ts';
import type { ProductPagesDeps } from '../products/page-deps.ts';
import { cancelSubscription } from './end-subscription.ts';
import { reasonField } from './reason-field.ts';

const MOST = 100;
const PATH = '/applications/:id/subscriptions';
const form = z.object({ subscription: z.string().max(100), reason: reasonField });

/** Adds the routes. */
export function addSubscriptionRoutes(router: Router, deps: ProductPagesDeps): void {
  router.get(
    PATH,
    whenOwnApplication(deps, (ctx, own) => show(ctx, deps, own)),
  );
  router.post(
    `${PATH}/cancel`,
    whenOwnApplication(deps, async (ctx, { person, application }) => {
      const { subscription: id, reason } = await readOwnForm(ctx, deps, person, form);
      const subscription = await findSubscription(deps.db, id);
      if (subscription?.applicationId !== application.id) throw notFound();
      // A second click, another window: what was wanted is so.
      if (subscription.state !== 'cancelled')
        await cancelSubscription(deps.db, actorOf(ctx, person.account.id), {
          subscription,
          reason,
        });
      goOnTo(ctx, `/applications/${application.id}/subscriptions`, 'cancelled');
    }),
  );
}

async function show(ctx: Context, deps: ProductPagesDeps, own: OwnApplication): Promise<void> {
  const { application } = own;
  const found = await listFiltered(deps.db, { applicationId: application.id, limit: MOST + 1 });
  const shown = found.slice(0, MOST);
  const history = await listHistory(
    deps.db,
    shown.map(({ id }) => id),
  );
  const ended = (state: string) => !['submitted', 'active', 'suspended'].includes(state);
  shown.sort((a, b) => Number(ended(a.state)) - Number(ended(b.state)));
  await showApplicationPage(ctx, deps, own, {
    view: 'product/subscriptions',
    section: 'subscriptions',
    notice: doneNotice(ctx, 'subscription', ['subscribed', 'cancelled']),
    data: {
      subscriptions: shown.map((one) => ({
        ...{ id: one.id, product: one.productName, environment: one.environment },
        ...{ state: one.state, note: one.note },
        since: momentOf(ctx, one.createdAt, { dateOnly: true }),
        ends: one.expiresAt && momentOf(ctx, one.expiresAt),
        history: describeHistory(ctx, history, one.id, { toMembers: true }),
      })),
      more: found.length > MOST,
    },
  });
}
