// Subscriptions as lists show them: with the names of what they belong to.
import type { Knex } from 'knex';
import type { Environment } from './client.ts';
import type { Database } from './database.ts';
import {
  type Subscription,
  type SubscriptionRow,
  type SubscriptionState,
  toSubscription,
} from './subscriptions.ts';

export interface ListedSubscription extends Subscription {
  applicationName: string;
  applicationVerified: boolean;
  productName: string;
}

/** What a list is asked for; `products` undefined: all of them. */
export interface ListFilter {
  products?: string[] | undefined;
  applicationId?: string | undefined;
  environment?: Environment | undefined;
  states?: SubscriptionState[] | undefined;
  /** The id of the last one of the page before. */
  after?: string | undefined;
  /** Oldest first, as a queue is; else newest first. */
  oldestFirst?: boolean;
  limit: number;
}

/** Subscriptions page by page. */
export async function listFiltered(
  db: Database,
  filter: ListFilter,
): Promise<ListedSubscription[]> {
  const query = await db.query();
  const direction = filter.oldestFirst ? 'asc' : 'desc';
  const rows = await selectListed(query)
    .modify((builder) => narrow(builder, filter))
    .modify((builder) => {
      if (filter.after === undefined) return;
      const order = filter.oldestFirst ? '>' : '<';
      builder.whereRaw(
        `(s.created_at, s.id) ${order} (SELECT created_at, id FROM subscriptions WHERE id = ?)`,
        [filter.after],
      );
    })
    .orderBy([
      { column: 's.created_at', order: direction },
      { column: 's.id', order: direction },
    ])
    .limit(filter.limit);
  return rows.map(toListed);
}

function narrow(builder: Knex.QueryBuilder, filter: ListFilter): void {
  const { products, applicationId, environment, states } = filter;
  if (products) builder.whereIn('s.product_id', products);
  if (applicationId !== undefined) builder.where('s.application_id', applicationId);
  if (environment !== undefined) builder.where('s.environment', environment);
  if (states) builder.whereIn('s.state', states);
}

/** One subscription with its names, whoever asks. */
export async function findListed(
  db: Database,
  id: string,
): Promise<ListedSubscription | undefined> {
  if (!/^sub_[0-9a-f]{1,60}$/.test(id)) return undefined;
  const rows = await selectListed(await db.query()).where('s.id', id);
  return rows.map(toListed)[0];
}

function selectListed(query: Knex): Knex.QueryBuilder {
  return query('subscriptions AS s')
    .join('applications AS a', 'a.id', 's.application_id')
    .join('products AS p', 'p.id', 's.product_id')
    .select('s.*', {
      application_name: 'a.name',
      verified_at: 'a.verified_at',
      product_name: 'p.name',
    });
}

type ListedRow = SubscriptionRow & {
  application_name: string;
  verified_at: Date | null;
  product_name: string;
};

function toListed(row: ListedRow): ListedSubscription {
  return {
    ...toSubscription(row),
    applicationName: row.application_name,
    applicationVerified: row.verified_at !== null,
    productName: row.product_name,
  };
}

/** One line of the history of a subscription. */
export interface HistoryEntry {
  subscriptionId: string;
  state: SubscriptionState;
  actor: 'account' | 'operator' | 'webhook' | 'delegation' | 'job';
  /** The name of the account that did it, if it is still there. */
  name: string | undefined;
  /** It is one of the owners of the application. */
  isMember: boolean;
  reason: string;
  at: Date;
}

/** Who changed these subscriptions, when and why; oldest first. */
export async function listHistory(db: Database, ids: string[]): Promise<HistoryEntry[]> {
  const query = await db.query();
  const rows = await query('subscription_changes AS c')
    .join('subscriptions AS s', 's.id', 'c.subscription_id')
    .leftJoin('accounts AS a', 'a.id', 'c.account_id')
    .leftJoin('application_members AS m', (join) =>
      join.on('m.application_id', 's.application_id').andOn('m.account_id', 'c.account_id'),
    )
    .whereIn('c.subscription_id', ids)
    .select('c.*', 'a.given_name', 'a.family_name', 'a.email', { member: 'm.account_id' })
    .orderBy('c.id')
    .limit(1000);
  return rows.map((row) => ({
    subscriptionId: row.subscription_id,
    state: row.state,
    actor: row.actor,
    name: [row.given_name, row.family_name].filter(Boolean).join(' ') || (row.email ?? undefined),
    isMember: row.member !== null,
    reason: row.reason,
    at: row.changed_at,
  }));
}

/** What the applications of an account have of some products: open subscriptions. */
export async function listOwnSubscriptions(
  db: Database,
  accountId: string,
  productIds: string[],
): Promise<ListedSubscription[]> {
  const rows = await selectListed(await db.query())
    .join('application_members AS m', 'm.application_id', 's.application_id')
    .where({ 'm.account_id': accountId })
    .whereNull('a.erase_at')
    .whereIn('s.product_id', productIds)
    .whereIn('s.state', ['submitted', 'active', 'suspended'])
    .orderBy(['a.name', 's.created_at'])
    .limit(200);
  return rows.map(toListed);
}

/** How many production subscriptions an application asked for within a day. */
export async function countRecentRequests(db: Database, applicationId: string): Promise<number> {
  const query = await db.query();
  const [row] = await query('subscriptions')
    .where({ application_id: applicationId, environment: 'production' })
    .whereRaw("created_at > now() - interval '1 day'")
    .count('* AS count');
  return Number(row?.['count']);
}

/** Takes subscriptions whose time is up, at most `limit`; nobody else takes them meanwhile. */
export async function claimExpiredSubscriptions(
  db: Database,
  limit: number,
): Promise<Subscription[]> {
  const query = await db.write();
  const rows = await query<SubscriptionRow>('subscriptions')
    .where({ state: 'active' })
    .whereRaw('expires_at <= now()')
    .orderBy('expires_at')
    .limit(limit)
    .forUpdate()
    .skipLocked();
  return rows.map(toSubscription);
}

/** The applications of an account that could subscribe to a product in the sandbox, by name. */
export async function listApplicationsWithout(
  db: Database,
  accountId: string,
  productId: string,
): Promise<{ id: string; name: string }[]> {
  const query = await db.query();
  return query('applications AS a')
    .join('application_members AS m', 'm.application_id', 'a.id')
    .where({ 'm.account_id': accountId })
    .whereNull('a.erase_at')
    .whereNull('a.suspended_at')
    .whereNotExists(
      query('subscriptions AS s')
        .whereRaw('s.application_id = a.id')
        .where({ 's.product_id': productId, 's.environment': 'sandbox' })
        .whereIn('s.state', ['submitted', 'active', 'suspended']),
    )
    .select('a.id', 'a.name')
    .orderBy('a.name')
    .limit(200);
}
