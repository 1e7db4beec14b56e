// /approvals: what waits for a decision, what was decided, and deciding. Who decides on nothing finds
// nothing here.
import type Router from '@koa/router';
import type { Context } from 'koa';
import { z } from 'zod';
import { readOwnForm, whenSignedIn } from '../../accounts/self-care/self-care.ts';
import type { SignedIn } from '../../accounts/self-care/signed-in.ts';
import { AppError, notFound } from '../../errors.ts';
import { translate } from '../../http/i18n.ts';
import { momentOf } from '../../http/moments.ts';
import { isApprover, listApprovedProducts } from '../../storage/approvers.ts';
import { findListed, listFiltered } from '../../storage/subscription-lists.ts';
import { findSubscription, type Subscription } from '../../storage/subscriptions.ts';
import { currentUnitOfWork } from '../../storage/unit-of-work.ts';
import { actorOf } from '../actor.ts';
import { developerPage, doneNotice, goOnTo } from '../pages/developer-page.ts';
import type { ProductPagesDeps } from '../products/page-deps.ts';
import { decide, resumeSubscription, suspendSubscription } from '../subscriptions/decide.ts';
import { reasonField } from '../subscriptions/reason-field.ts';
import { describeRequest } from './describe-request.ts';

const PAGE_SIZE = 25;
const DONE = ['approve', 'reject', 'suspend', 'resume'] as const;
const form = z.object({
  decision: z.enum(DONE, 'Choose what to do.'),
  reason: reasonField,
});
const listQuery = z.object({
  state: z.enum(['submitted', 'active', 'suspended']).catch('submitted'),
  after: z
    .string()
    .regex(/^sub_[0-9a-f]{1,60}$/)
    .optional()
    .catch(undefined),
});

/** Adds the routes. */
export function addApprovalRoutes(router: Router, deps: ProductPagesDeps): void {
  router.get(
    '/approvals',
    whenSignedIn(deps, (ctx, person) => showList(ctx, deps, person)),
  );
  router.get(
    '/approvals/:id',
    whenSignedIn(deps, async (ctx, person) => {
      const { id } = await findAsked(ctx, deps, person);
      await showRequest(ctx, deps, person, { id, error: undefined, reason: '' });
    }),
  );
  router.post(
    '/approvals/:id',
    whenSignedIn(deps, async (ctx, person) => {
      const subscription = await findAsked(ctx, deps, person);
      const { decision, reason } = await readOwnForm(ctx, deps, person, form);
      try {
        await act(deps, actorOf(ctx, person.account.id), { subscription, decision, reason });
      } catch (error) {
        return refuse(ctx, deps, person, { id: subscription.id, reason, error });
      }
      goOnTo(ctx, `/approvals/${subscription.id}`, decision);
    }),
  );
}

async function findAsked(
  ctx: Context,
  deps: ProductPagesDeps,
  { account }: SignedIn,
): Promise<Subscription> {
  const subscription = await findSubscription(deps.db, ctx['params']['id'] ?? '');
  const decides =
    subscription?.environment === 'production' &&
    (await isApprover(deps.db, account.id, subscription.productId));
  if (!subscription || !decides) throw notFound();
  return subscription;
}

async function act(
  deps: ProductPagesDeps,
  actor: ReturnType<typeof actorOf>,
  wanted: { subscription: Subscription } & z.infer<typeof form>,
): Promise<void> {
  const { subscription, decision, reason } = wanted;
  if (decision === 'approve' || decision === 'reject')
    await decide(deps, actor, { subscription, decision, reason });
  else if (decision === 'suspend')
    await suspendSubscription(deps.db, actor, { subscription, reason });
  else await resumeSubscription(deps.db, actor, { subscription, reason });
}

// Somebody was faster, or a reason is missing: the page says so, and shows what it is by now.
async function refuse(
  ctx: Context,
  deps: ProductPagesDeps,
  person: SignedIn,
  { id, reason, error }: { id: string; reason: string; error: unknown },
): Promise<void> {
  if (!(error instanceof AppError && error.key)) throw error;
  await currentUnitOfWork()?.rollback();
  ctx.status = error.status;
  const sentence = translate(ctx)(error.key, error.values);
  await showRequest(ctx, deps, person, { id, reason, error: sentence });
}

async function showList(ctx: Context, deps: ProductPagesDeps, person: SignedIn): Promise<void> {
  const { state, after } = listQuery.parse(ctx.query);
  const decides = await listApprovedProducts(deps.db, person.account.id);
  if (decides.length === 0) throw notFound();
  const found = await listFiltered(deps.db, {
    ...{ environment: 'production', states: [state], after },
    ...(decides === 'all' ? {} : { products: decides }),
    // What waits longest comes first.
    oldestFirst: state === 'submitted',
    limit: PAGE_SIZE + 1,
  });
  const shown = found.slice(0, PAGE_SIZE);
  deps.render(ctx, 'approval/list', {
    ...developerPage(ctx, deps, person),
    state,
    requests: shown.map((one) => ({
      ...{ id: one.id, application: one.applicationName, verified: one.applicationVerified },
      ...{ product: one.productName, note: one.note },
      since: momentOf(ctx, state === 'submitted' ? one.createdAt : one.changedAt),
    })),
    next:
      found.length > PAGE_SIZE ? `/approvals?state=${state}&after=${shown.at(-1)?.id}` : undefined,
  });
}

async function showRequest(
  ctx: Context,
  deps: ProductPagesDeps,
  person: SignedIn,
  { id, error, reason }: { id: string; error: string | undefined; reason: string },
): Promise<void> {
  const listed = await findListed(deps.db, id);
  if (!listed) throw notFound();
  deps.render(ctx, 'approval/request', {
    ...developerPage(ctx, deps, person),
    notice: doneNotice(ctx, 'approval', DONE),
    ...(await describeRequest(ctx, deps.db, person.account.id, listed)),
    error,
    reason,
  });
}
