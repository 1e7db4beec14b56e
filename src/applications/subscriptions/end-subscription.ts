// The end of a subscription: cancelled by whoever has it, or its time is up.
import type { Database } from '../../storage/database.ts';
import { claimExpiredSubscriptions } from '../../storage/subscription-lists.ts';
import type { Subscription } from '../../storage/subscriptions.ts';
import { runInUnitOfWork } from '../../storage/unit-of-work.ts';
import type { Actor } from '../actor.ts';
import { changeState } from './subscription-state.ts';

/**
 * Cancels a subscription that waits, is active or suspended, in the running transaction. That the
 * actor may is the caller's to check. Throws 409 that says what it is when it has ended.
 */
export function cancelSubscription(
  db: Database,
  actor: Actor,
  { subscription, reason }: { subscription: Subscription; reason: string },
): Promise<Subscription> {
  return changeState(db, actor, subscription, {
    ...{ state: 'cancelled', news: 'cancelled', reason },
    from: ['submitted', 'active', 'suspended'],
  });
}

const BATCH = 200;

/** Ends the subscriptions whose time is up, a batch a commit. Returns how many. */
export async function expireSubscriptions(db: Database): Promise<number> {
  let total = 0;
  for (;;) {
    const count = await runInUnitOfWork(db.knex, async (unit) => {
      const due = await claimExpiredSubscriptions(db, BATCH);
      for (const subscription of due)
        await changeState(db, { kind: 'job' }, subscription, {
          ...{ state: 'expired', news: 'expired', reason: '' },
          from: ['active', 'suspended'],
        });
      await unit.commit();
      return due.length;
    });
    total += count;
    if (count < BATCH) return total;
  }
}
