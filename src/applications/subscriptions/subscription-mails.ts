// The job that tells people of a subscription: those who decide when it is submitted, the owners of the
// application what became of it.
import { z } from 'zod';
import { isLanguage } from '../../http/i18n.ts';
import type { MailKind } from '../../mail/kinds.ts';
import type { Outbox } from '../../mail/outbox.ts';
import { findApplication } from '../../storage/applications.ts';
import { listApprovers, listMembers, type Person } from '../../storage/approvers.ts';
import type { Database } from '../../storage/database.ts';
import { findProduct } from '../../storage/products.ts';
import { findSubscription } from '../../storage/subscriptions.ts';
import { runInUnitOfWork } from '../../storage/unit-of-work.ts';
import type { SubscriptionNews } from './subscription-state.ts';

export interface SubscriptionMailDeps {
  db: Database;
  outbox: Outbox;
  issuer: string;
}

const KINDS: Record<SubscriptionNews, MailKind> = {
  submitted: 'subscription-submitted',
  activated: 'subscription-activated',
  rejected: 'subscription-rejected',
  suspended: 'subscription-suspended',
  resumed: 'subscription-resumed',
  cancelled: 'subscription-cancelled',
  expired: 'subscription-expired',
};
const payloadSchema = z.object({
  id: z.string(),
  news: z.enum([
    ...(['submitted', 'activated', 'rejected', 'suspended', 'resumed'] as const),
    ...(['cancelled', 'expired'] as const),
  ]),
  reason: z.string(),
  /** The account that did it: it needs no mail. */
  by: z.string().nullable(),
});

/** Creates the task. It may run again after a crash: its mails commit together or not at all. */
export function createSubscriptionMails(deps: SubscriptionMailDeps) {
  return (payload: unknown): Promise<void> =>
    runInUnitOfWork(deps.db.knex, async (unit) => {
      await write(deps, payloadSchema.parse(payload));
      await unit.commit();
    });
}

async function write(
  { db, outbox, issuer }: SubscriptionMailDeps,
  { id, news, reason, by }: z.infer<typeof payloadSchema>,
): Promise<void> {
  const subscription = await findSubscription(db, id);
  if (!subscription) return;
  const application = await findApplication(db, subscription.applicationId);
  const product = await findProduct(db, subscription.productId);
  if (!application || !product) return;
  const link =
    news === 'submitted'
      ? `${issuer}/approvals/${id}`
      : `${issuer}/applications/${application.id}/subscriptions`;
  const people: Person[] =
    news === 'submitted'
      ? // Only people wait for people.
        product.approval === 'person'
        ? await listApprovers(db, product.id, application.id)
        : []
      : await listMembers(db, application.id);
  for (const person of people.filter((one) => one.id !== by))
    await outbox.queue({
      kind: KINDS[news],
      to: person.email,
      language: isLanguage(person.language) ? person.language : 'en',
      values: { application: application.name, subscribed: product.name, reason },
      link,
    });
}
