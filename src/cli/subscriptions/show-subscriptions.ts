// subscriptions list, show, and a subscription as --json shows it.
import { z } from 'zod';
import { loadProduct } from '../../catalog/products.ts';
import { UsageError } from '../../errors.ts';
import type { Database } from '../../storage/database.ts';
import {
  findListed,
  type HistoryEntry,
  type ListedSubscription,
  listFiltered,
  listHistory,
} from '../../storage/subscription-lists.ts';
import { type jsonOption, listOptions } from '../list-options.ts';
import { withInstallation } from '../open.ts';
import { formatTime, note, printFields, printJson, printTable } from '../print.ts';

export const STATES = [
  ...(['submitted', 'active', 'suspended'] as const),
  ...(['cancelled', 'expired', 'rejected'] as const),
] as const;

export const listSubscriptionsOptions = listOptions.extend({
  application: z.string().optional(),
  product: z.string().optional(),
  state: z.enum(STATES).optional(),
  environment: z.enum(['sandbox', 'production']).optional(),
});

/** Lists subscriptions. */
export async function runList(options: z.infer<typeof listSubscriptionsOptions>): Promise<void> {
  const { application, product, state, environment, json, limit } = options;
  const found = await withInstallation(async ({ db }) =>
    listFiltered(db, {
      ...{ applicationId: application, environment, limit: limit + 1 },
      states: state && [state],
      products: product === undefined ? undefined : [(await loadProduct(db, product)).id],
    }),
  );
  const shown = found.slice(0, limit);
  if (found.length > limit) note(`There are more than ${limit}: --limit shows more.`);
  if (json) return printJson(shown.map(describeSubscription));
  printTable(
    ['ID', 'APPLICATION', 'PRODUCT', 'ENVIRONMENT', 'STATE', 'SINCE', 'UNTIL'],
    shown.map((one) => [
      one.id,
      one.applicationName,
      one.productName,
      one.environment,
      one.state,
      formatTime(one.createdAt),
      one.expiresAt ? formatTime(one.expiresAt) : '',
    ]),
    'There are no such subscriptions.',
  );
}

/** Shows one subscription. */
export async function runShow(id: string, { json }: z.infer<typeof jsonOption>): Promise<void> {
  const { listed, history } = await withInstallation(async ({ db }) => ({
    listed: await loadListed(db, id),
    history: await listHistory(db, [id]),
  }));
  if (json)
    return printJson({ ...describeSubscription(listed), history: history.map(describeChange) });
  printSubscription(listed);
  printFields(
    history.map((entry) => [
      formatTime(entry.at),
      `${entry.state} by ${entry.name ?? entry.actor}${entry.reason ? `: ${entry.reason}` : ''}`,
    ]),
  );
}

/** Finds a subscription for a command. Throws a UsageError. */
export async function loadListed(db: Database, id: string): Promise<ListedSubscription> {
  const found = await findListed(db, id);
  if (!found) throw new UsageError(`There is no subscription ${id}.`);
  return found;
}

/** Prints a subscription. */
export function printSubscription(one: ListedSubscription): void {
  printFields([
    ['id', one.id],
    ['application', `${one.applicationName} (${one.applicationId})`],
    ['product', `${one.productName} (${one.productId})`],
    ['environment', one.environment],
    ['state', one.state],
    ['until', one.expiresAt ? formatTime(one.expiresAt) : '-'],
    ['note', one.note ? one.note.split('\n') : '-'],
  ]);
}

/** A subscription as --json shows it. */
export function describeSubscription(one: ListedSubscription) {
  return {
    id: one.id,
    application_id: one.applicationId,
    application_name: one.applicationName,
    product_id: one.productId,
    product_name: one.productName,
    ...{ environment: one.environment, state: one.state, note: one.note },
    created_at: one.createdAt,
    changed_at: one.changedAt,
    expires_at: one.expiresAt ?? null,
  };
}

function describeChange({ state, actor, name, reason, at }: HistoryEntry) {
  return { state, actor, account: name ?? null, reason, at };
}
