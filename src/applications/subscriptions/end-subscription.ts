// The end of a subscription: cancelled by whoever has it, or its time is up.
import type { Database } from '../../storage/database.ts';
import { claimExpiredSubscriptions } from '../../storage/subscription-lists.ts';
import type { Subscription } from '../../storage/subscriptions.ts';
import { commitWork } from '../../storage/unit-of-work.ts';
import type { Actor } from '../actor.ts';
import { changeState } from './subscription-state.ts';

/**
 * Cancels a subscription that waits or is active, in the running transaction; a suspended one only for
 * an operator: its owner could subscribe anew, and be rid of the suspension. That the actor may is the
 * caller's to check. Throws 409 that says what it is when it has ended or is suspended.
 */
export function cancelSubscription(
  db: Database,
  actor: Actor,
  { subscription, reason }: { subscription: Subscription; reason: string },
): Promise<Subscription> {
  return changeState(db, actor, subscription, {
    ...{ state: 'cancelled', news: 'cancelled', reason },
    from: ['submitted', 'active', ...(actor.kind === 'account' ? [] : ['suspended' as const])],
  });
}

const BATCH = 200;

/**
 * Ends the active subscriptions whose time is up, a batch a commit. Returns how many. A suspended one
 * stays what it is: who has it cannot begin anew.
 */
export async function expireSubscriptions(db: Database): Promise<number> {
  let total = 0;
  for (;;) {
    const count = await commitWork(db.knex, async () => {
      const due = await claimExpiredSubscriptions(db, BATCH);
      for (const subscription of due)
        await changeState(db, { kind: 'job' }, subscription, {
          ...{ state: 'expired', news: 'expired', reason: '' },
          from: ['active'],
        });
      return due.length;
    });
    total += count;
    if (count < BATCH) return total;
  }
}
