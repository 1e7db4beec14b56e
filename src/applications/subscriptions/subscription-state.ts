// Taking a subscription from one state to another: who was faster wins, and the other reads what it is.
import { AppError, notFound } from '../../errors.ts';
import type { Database } from '../../storage/database.ts';
import { queueJob } from '../../storage/queued-jobs.ts';
import {
  changeSubscription,
  findSubscription,
  type Subscription,
  type SubscriptionState,
} from '../../storage/subscriptions.ts';
import type { Actor } from '../actor.ts';
import { record } from '../record.ts';

/** What happened to a subscription, as events, mails and histories call it. */
export type SubscriptionNews =
  | 'submitted'
  | 'activated'
  | 'rejected'
  | 'suspended'
  | 'resumed'
  | 'cancelled'
  | 'expired';

/** The job that writes the mails; see subscription-mails.ts. */
export const MAIL_TASK = 'mail-about-subscription';

export interface StateChange {
  from: SubscriptionState[];
  state: SubscriptionState;
  news: SubscriptionNews;
  reason: string;
  expiresAt?: Date | undefined;
}

/**
 * Changes the state, in the running transaction, with its history, audit row, event and mail. Throws
 * 409 that says what the subscription is when it is in none of the states that it is to come from.
 */
export async function changeState(
  db: Database,
  actor: Actor,
  { id }: Subscription,
  change: StateChange,
): Promise<Subscription> {
  const { from, state, news, reason, expiresAt } = change;
  const by = { actor: actor.kind, accountId: actor.accountId, reason };
  const changed = await changeSubscription(db, id, { from, state, expiresAt }, by);
  if (!changed) throw await wasFaster(db, id);
  await tellOf(db, actor, changed, { news, reason });
  return changed;
}

/** Writes the audit row, the event and the job that mails. */
export async function tellOf(
  db: Database,
  actor: Actor,
  subscription: Subscription,
  { news, reason }: { news: SubscriptionNews; reason: string },
): Promise<void> {
  const { id, productId, applicationId, environment, state, expiresAt } = subscription;
  await record(db, actor, {
    type: `subscription.${news}`,
    applicationId,
    data: {
      ...{ subscription_id: id, product_id: productId, environment, state },
      ...(expiresAt ? { expires_at: expiresAt.toISOString() } : {}),
      ...(reason ? { reason } : {}),
    },
  });
  // A sandbox is nobody's business but the developer's, who sees it at once.
  if (environment === 'production' || actor.kind !== 'account')
    await queueJob(db, MAIL_TASK, { id, news, reason, by: actor.accountId ?? null });
}

async function wasFaster(db: Database, id: string): Promise<AppError> {
  const found = await findSubscription(db, id);
  if (!found) return notFound();
  return new AppError(409, 'conflict', SENTENCES[found.state], {
    key: `subscription.is-${found.state}`,
  });
}

const SENTENCES: Record<SubscriptionState, string> = {
  submitted: 'This subscription still waits for a decision.',
  active: 'This subscription is active already.',
  suspended: 'This subscription is suspended.',
  cancelled: 'This subscription was cancelled.',
  expired: 'This subscription has expired.',
  rejected: 'This subscription was rejected.',
};
