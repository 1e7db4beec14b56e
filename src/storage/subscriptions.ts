// Subscriptions: an application's right to a product in an environment, and who changed it when and why.
import { randomBytes } from 'node:crypto';
import type { Environment } from './client.ts';
import { announceClients } from './client-news.ts';
import type { Database } from './database.ts';

export type SubscriptionState =
  | 'submitted'
  | 'active'
  | 'suspended'
  | 'cancelled'
  | 'expired'
  | 'rejected';

export interface Subscription {
  id: string;
  applicationId: string;
  productId: string;
  environment: Environment;
  state: SubscriptionState;
  /** What the developer wrote to those who decide. */
  note: string;
  createdAt: Date;
  changedAt: Date;
  expiresAt: Date | undefined;
}

/** Who changed a subscription, and why. */
export interface SubscriptionChange {
  actor: 'account' | 'operator' | 'webhook' | 'delegation' | 'job';
  accountId?: string | undefined;
  reason?: string | undefined;
}

const OPEN: SubscriptionState[] = ['submitted', 'active', 'suspended'];

/**
 * Creates a subscription and tells the nodes. An application has one open subscription to a product
 * in an environment: where there is one, that is returned, unchanged.
 */
export async function insertSubscription(
  db: Database,
  subscription: Pick<
    Subscription,
    'applicationId' | 'productId' | 'environment' | 'note' | 'expiresAt'
  > & { state: 'submitted' | 'active' },
  change: SubscriptionChange,
): Promise<{ subscription: Subscription; isNew: boolean }> {
  const query = await db.write();
  const { applicationId, productId, environment, state } = subscription;
  const columns = { application_id: applicationId, product_id: productId, environment };
  const { rows } = await query.raw(
    // The moment, not the transaction's: several that are made together keep their order.
    `INSERT INTO subscriptions (id, application_id, product_id, environment, state, note, expires_at, created_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, clock_timestamp())
     ON CONFLICT (application_id, product_id, environment)
       WHERE state IN ('submitted', 'active', 'suspended') DO NOTHING
     RETURNING *`,
    [
      `sub_${randomBytes(12).toString('hex')}`,
      ...[applicationId, productId, environment, state, subscription.note],
      subscription.expiresAt ?? null,
    ],
  );
  const created: SubscriptionRow | undefined = rows[0];
  if (!created) {
    const open = await query<SubscriptionRow>('subscriptions')
      .where(columns)
      .whereIn('state', OPEN)
      .first();
    // Ended between the two statements: it can be made now.
    return open
      ? { subscription: toSubscription(open), isNew: false }
      : insertSubscription(db, subscription, change);
  }
  await writeChange(db, created, change);
  return { subscription: toSubscription(created), isNew: true };
}

/**
 * Takes a subscription from one of some states to another, and tells the nodes. Returns undefined
 * when it was in none of them: somebody else was faster.
 */
export async function changeSubscription(
  db: Database,
  id: string,
  to: { from: SubscriptionState[]; state: SubscriptionState; expiresAt?: Date | undefined },
  change: SubscriptionChange,
): Promise<Subscription | undefined> {
  const query = await db.write();
  const [row] = await query<SubscriptionRow>('subscriptions')
    .where({ id })
    .whereIn('state', to.from)
    .update({
      state: to.state,
      changed_at: query.fn.now() as unknown as Date,
      ...(to.expiresAt ? { expires_at: to.expiresAt } : {}),
    })
    .returning('*');
  if (!row) return undefined;
  await writeChange(db, row, change);
  return toSubscription(row);
}

/** The subscription of an id, whoever asks. */
export async function findSubscription(
  db: Database,
  id: string,
): Promise<Subscription | undefined> {
  if (!/^sub_[0-9a-f]{1,60}$/.test(id)) return undefined;
  const query = await db.query();
  const row = await query<SubscriptionRow>('subscriptions').where({ id }).first();
  return row && toSubscription(row);
}

/** The latest subscriptions of an application, newest first. */
export async function listSubscriptions(
  db: Database,
  of: { applicationId: string; limit: number },
): Promise<Subscription[]> {
  const query = await db.query();
  const rows = await query<SubscriptionRow>('subscriptions')
    .where({ application_id: of.applicationId })
    .orderBy('created_at', 'desc')
    .limit(of.limit);
  return rows.map(toSubscription);
}

async function writeChange(
  db: Database,
  row: SubscriptionRow,
  { actor, accountId, reason = '' }: SubscriptionChange,
): Promise<void> {
  const query = await db.write();
  await query('subscription_changes').insert({
    subscription_id: row.id,
    state: row.state,
    actor,
    account_id: accountId ?? null,
    reason,
  });
  await announceClients(query, { applicationId: row.application_id });
}

export interface SubscriptionRow {
  id: string;
  application_id: string;
  product_id: string;
  environment: Environment;
  state: SubscriptionState;
  note: string;
  created_at: Date;
  changed_at: Date;
  expires_at: Date | null;
}

/** The subscription that a row of the table is. */
export function toSubscription(row: SubscriptionRow): Subscription {
  return {
    id: row.id,
    applicationId: row.application_id,
    productId: row.product_id,
    environment: row.environment,
    state: row.state,
    note: row.note,
    createdAt: row.created_at,
    changedAt: row.changed_at,
    expiresAt: row.expires_at ?? undefined,
  };
}
