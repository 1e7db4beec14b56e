// Deliveries of events to webhooks: each is a row with its attempts, and a job.
import type { Database } from './database.ts';
import type { WebhookRow } from './webhooks.ts';

export type DeliveryState = 'pending' | 'delivered' | 'failed';

export interface DeliveryRow {
  id: string;
  webhook_id: string;
  event_id: string;
  type: string;
  state: DeliveryState;
  attempts: number;
  created_at: Date;
  ended_at: Date | null;
  /** Of the last attempt; null: there was none yet. */
  outcome: string | null;
  duration_ms: number | null;
}

export interface Attempt {
  attempted_at: Date;
  duration_ms: number;
  /** null: there was no answer. */
  status: number | null;
  /** What came of it, in words. */
  outcome: string;
  /** The beginning of the answer. */
  response: string;
}

/** A delivery that is still to be made, with all that it takes. */
export interface DueDelivery {
  id: string;
  attempts: number;
  event: { id: string; type: string; data: Record<string, unknown>; createdAt: Date };
  webhook: WebhookRow;
}

/** The delivery of an id, if it is neither made nor given up. */
export async function findDueDelivery(db: Database, id: string): Promise<DueDelivery | undefined> {
  const query = await db.query();
  const { rows } = await query.raw(
    `SELECT d.id, d.attempts, e.id AS event_id, e.type, e.data, e.created_at AS happened_at, w.*,
       d.id AS id, w.id AS webhook_id
     FROM webhook_deliveries d JOIN events e ON e.id = d.event_id JOIN webhooks w ON w.id = d.webhook_id
     WHERE d.id = ? AND d.state = 'pending'`,
    [id],
  );
  const [row] = rows;
  if (!row) return undefined;
  const { event_id, type, data, happened_at, webhook_id, attempts, ...webhook } = row;
  return {
    ...{ id, attempts },
    event: { id: event_id, type, data, createdAt: happened_at },
    webhook: { ...webhook, id: webhook_id },
  };
}

/** Writes an attempt down. Returns false when the delivery was ended, or removed, meanwhile. */
export async function insertAttempt(
  db: Database,
  deliveryId: string,
  attempt: Attempt,
  state: DeliveryState,
): Promise<boolean> {
  const query = await db.write();
  const { rowCount } = await query.raw(
    `WITH delivery AS (
       UPDATE webhook_deliveries SET attempts = attempts + 1, state = :state,
         ended_at = CASE WHEN :state = 'pending' THEN NULL ELSE now() END
       WHERE id = :deliveryId AND state = 'pending' RETURNING id)
     INSERT INTO webhook_attempts (delivery_id, attempted_at, duration_ms, status, outcome, response)
     SELECT id, :attempted_at, :duration_ms, :status, :outcome, :response FROM delivery`,
    { ...attempt, deliveryId, state },
  );
  return rowCount === 1;
}

/** Gives a delivery up without an attempt. */
export async function giveUpDelivery(db: Database, id: string): Promise<void> {
  const query = await db.write();
  await query('webhook_deliveries')
    .where({ id, state: 'pending' })
    .update({ state: 'failed', ended_at: query.fn.now() });
}

/** Notes whether a webhook takes what it is sent, and answers since when it does not. */
export async function noteHealth(
  db: Database,
  webhookId: string,
  healthy: boolean,
): Promise<{ failingDays: number }> {
  const query = await db.write();
  const { rows } = await query.raw(
    `UPDATE webhooks SET failing_since = CASE WHEN :healthy THEN NULL ELSE coalesce(failing_since, now()) END
     WHERE id = :webhookId AND NOT (:healthy AND failing_since IS NULL)
     RETURNING coalesce(extract(epoch FROM now() - failing_since) / 86400, 0)::float8 AS days`,
    { webhookId, healthy },
  );
  return { failingDays: rows[0]?.days ?? 0 };
}

/** The deliveries of a webhook, the newest first. */
export async function listDeliveries(
  db: Database,
  webhookId: string,
  { limit, state }: { limit: number; state?: DeliveryState | undefined },
): Promise<DeliveryRow[]> {
  const query = await db.query();
  const { rows } = await query.raw(
    `SELECT d.*, e.type, a.outcome, a.duration_ms
     FROM webhook_deliveries d JOIN events e ON e.id = d.event_id
     LEFT JOIN LATERAL (SELECT outcome, duration_ms FROM webhook_attempts
       WHERE delivery_id = d.id ORDER BY id DESC LIMIT 1) a ON true
     WHERE d.webhook_id = :webhookId AND (:state::text IS NULL OR d.state = :state)
     ORDER BY d.created_at DESC, d.id LIMIT :limit`,
    { webhookId, state: state ?? null, limit },
  );
  return rows;
}

/** One delivery with its event, whatever became of it. */
export async function findDelivery(
  db: Database,
  id: string,
): Promise<
  (Omit<DeliveryRow, 'outcome' | 'duration_ms'> & { data: unknown; happened_at: Date }) | undefined
> {
  const query = await db.query();
  const { rows } = await query.raw(
    `SELECT d.*, e.type, e.data, e.created_at AS happened_at
     FROM webhook_deliveries d JOIN events e ON e.id = d.event_id WHERE d.id = ?`,
    [id],
  );
  return rows[0];
}

/** The attempts of a delivery, the first one first. */
export async function listAttempts(db: Database, deliveryId: string): Promise<Attempt[]> {
  const query = await db.query();
  return query('webhook_attempts')
    .where({ delivery_id: deliveryId })
    .orderBy('id')
    .select('attempted_at', 'duration_ms', 'status', 'outcome', 'response');
}

/** Queues the delivery of an event once more, and answers the id of the new delivery. */
export async function queueDelivery(
  db: Database,
  webhookId: string,
  eventId: string,
): Promise<string> {
  const query = await db.write();
  const { rows } = await query.raw('SELECT queue_delivery(?, ?) AS id', [webhookId, eventId]);
  return rows[0].id;
}

/** Queues everything that a webhook wants and that happened since then, the oldest first; answers how many. */
export async function queueDeliveriesSince(
  db: Database,
  webhook: Pick<WebhookRow, 'id' | 'events' | 'approval'>,
  since: Date,
): Promise<number> {
  const query = await db.write();
  const { rows } = await query.raw(
    `SELECT count(queue_delivery(:id, id)) AS queued FROM (
       SELECT id FROM events WHERE created_at >= :since AND type <> 'webhook.test'
         AND :events::text[] && ARRAY[type, split_part(type, '.', 1) || '.*', '*']
         AND (NOT :approval OR EXISTS (SELECT FROM products
           WHERE products.id = data->>'product_id' AND products.approval = 'webhook'))
       ORDER BY created_at) wanted`,
    { id: webhook.id, events: webhook.events, approval: webhook.approval, since },
  );
  return Number(rows[0].queued);
}

/** Writes an event for one webhook alone, with a delivery that no job makes, and answers its id. */
export async function insertTestDelivery(
  db: Database,
  webhookId: string,
  type: string,
): Promise<string> {
  const query = await db.write();
  const { rows } = await query.raw(
    `WITH event AS (
       INSERT INTO events (id, type, data)
       VALUES ('evt_' || replace(gen_random_uuid()::text, '-', ''), :type, jsonb_build_object('webhook_id', :webhookId::text))
       RETURNING id)
     INSERT INTO webhook_deliveries (id, webhook_id, event_id)
     SELECT 'whd_' || replace(gen_random_uuid()::text, '-', ''), :webhookId, id FROM event RETURNING id`,
    { type, webhookId },
  );
  return rows[0].id;
}
