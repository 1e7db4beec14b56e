// What the answer of the approval webhook does: the webhooks know nothing of subscriptions.
import { record } from '../../applications/record.ts';
import type { Database } from '../../storage/database.ts';
import { findProduct } from '../../storage/products.ts';
import { changeSubscription, findSubscription } from '../../storage/subscriptions.ts';
import { commitWork } from '../../storage/unit-of-work.ts';
import type { Decide, Decision } from '../../webhooks/approval-answer.ts';

/** Decides on subscriptions that wait for a webhook, each once, in a transaction of its own. */
export function createApprovalDecision(db: Database): Decide {
  return (decision) => commitWork(db.knex, () => decideOnce(db, decision));
}

async function decideOnce(
  db: Database,
  { subscriptionId, decision, reason }: Decision,
): Promise<'decided' | 'late'> {
  const subscription = await findSubscription(db, subscriptionId);
  const product = subscription && (await findProduct(db, subscription.productId));
  if (product?.approval !== 'webhook') return 'late';
  const state = decision === 'approve' ? 'active' : 'rejected';
  const to = { from: ['submitted' as const], state } as const;
  const changed = await changeSubscription(
    db,
    subscriptionId,
    { ...to, from: [...to.from] },
    { actor: 'webhook', reason },
  );
  if (!changed) return 'late';
  await record(
    db,
    { kind: 'webhook' },
    {
      type: state === 'active' ? 'subscription.activated' : 'subscription.rejected',
      applicationId: changed.applicationId,
      data: { subscription_id: subscriptionId },
    },
  );
  return 'decided';
}
