// Delivering again what was delivered, failed, or happened while nobody listened.
import { AppError, invalidRequest } from '../errors.ts';
import { insertAuditEvents } from '../storage/audit-events.ts';
import type { Database } from '../storage/database.ts';
import {
  type DueDelivery,
  findDelivery,
  findDueDelivery,
  insertTestDelivery,
  queueDeliveriesSince,
  queueDelivery,
} from '../storage/webhook-deliveries.ts';
import { findWebhook, type WebhookRow } from '../storage/webhooks.ts';
import { TEST_EVENT } from './event-types.ts';

/** One delivery. Throws 404 when there is none (any more). */
export async function loadDelivery(db: Database, id: string) {
  const found = await findDelivery(db, id);
  if (found) return found;
  throw new AppError(404, 'not_found', `There is no delivery ${id}: they are kept for 30 days.`);
}

/** Queues a delivery once more. Throws 404 when there is none, 400 when its webhook is disabled. */
export async function replayDelivery(db: Database, id: string, by: string): Promise<string> {
  const delivery = await loadDelivery(db, id);
  const webhook = await findWebhook(db, delivery.webhook_id);
  if (webhook) expectEnabled(webhook);
  const queued = await queueDelivery(db, delivery.webhook_id, delivery.event_id);
  await note(db, delivery.webhook_id, { by, delivery: id });
  return queued;
}

/** Queues all that it wants and that happened since then. Throws 400 when it is disabled. */
export async function replaySince(
  db: Database,
  webhook: WebhookRow,
  since: Date,
  by: string,
): Promise<number> {
  expectEnabled(webhook);
  const count = await queueDeliveriesSince(db, webhook, since);
  await note(db, webhook.id, { by, since: since.toISOString(), count });
  return count;
}

/** A delivery of an event that never happened, for `webhooks test`: no job makes it. */
export async function prepareTest(db: Database, webhook: WebhookRow): Promise<DueDelivery> {
  const id = await insertTestDelivery(db, webhook.id, TEST_EVENT);
  const due = await findDueDelivery(db, id);
  if (!due) throw new Error(`the delivery ${id} cannot be found`);
  return due;
}

function expectEnabled({ id, disabled_at }: WebhookRow): void {
  if (disabled_at)
    throw invalidRequest(`${id} is disabled: \`gatehouse webhooks enable ${id}\` opens it.`);
}

function note(db: Database, webhookId: string, detail: Record<string, unknown>): Promise<void> {
  return insertAuditEvents(db, [
    { type: 'webhook.replayed', detail: { webhook_id: webhookId, ...detail } },
  ]);
}
