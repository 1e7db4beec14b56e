// Webhooks: who is told of which events.
import { randomBytes } from 'node:crypto';
import type { Database } from './database.ts';

export interface WebhookRow {
  id: string;
  url: string;
  description: string;
  /** Names of event types, `<group>.*` or `*`. */
  events: string[];
  /** Its answers decide on subscriptions. */
  approval: boolean;
  /** It may be in a private network. */
  private_network: boolean;
  /** Sealed. */
  secret: Buffer;
  /** Sealed; it signs too until it expires. */
  former_secret: Buffer | null;
  former_expires_at: Date | null;
  failing_since: Date | null;
  disabled_at: Date | null;
  disabled_reason: DisabledReason | null;
  created_at: Date;
}

/** An operator did it; nothing arrived for days; the receiver said that it is gone for good (410). */
export type DisabledReason = 'operator' | 'failing' | 'gone';

export type NewWebhook = Pick<
  WebhookRow,
  'url' | 'description' | 'events' | 'approval' | 'private_network' | 'secret'
>;

/** Creates a webhook. Throws the database's unique violation (23505) for a second one with approval. */
export async function insertWebhook(db: Database, webhook: NewWebhook): Promise<WebhookRow> {
  const query = await db.write();
  const id = `wh_${randomBytes(12).toString('hex')}`;
  const [row] = await query<WebhookRow>('webhooks')
    .insert({ id, ...webhook })
    .returning('*');
  if (!row) throw new Error('the database returned no webhook');
  return row;
}

/** All webhooks, the oldest first. */
export async function listWebhooks(db: Database): Promise<WebhookRow[]> {
  const query = await db.query();
  return query<WebhookRow>('webhooks').orderBy('created_at').orderBy('id');
}

/** One webhook, disabled ones included. */
export async function findWebhook(db: Database, id: string): Promise<WebhookRow | undefined> {
  const query = await db.query();
  return query<WebhookRow>('webhooks').where({ id }).first();
}

/** Changes what an operator may change. Throws the database's unique violation (23505), as above. */
export async function updateWebhook(
  db: Database,
  id: string,
  changes: Partial<Omit<NewWebhook, 'secret'>>,
): Promise<void> {
  const query = await db.write();
  await query('webhooks').where({ id }).update(changes);
}

/** Gives a webhook a new secret; the one of now goes on signing for so many hours beside it. */
export async function replaceWebhookSecret(
  db: Database,
  id: string,
  secret: Buffer,
  overlapHours: number,
): Promise<void> {
  const query = await db.write();
  await query('webhooks')
    .where({ id })
    .update({
      secret,
      former_secret: query.ref('secret'),
      former_expires_at: query.raw("now() + ? * interval '1 hour'", [overlapHours]),
    });
}

/** Nothing is delivered from now on. Returns false when it was so before. */
export async function disableWebhook(
  db: Database,
  id: string,
  reason: DisabledReason,
): Promise<boolean> {
  const query = await db.write();
  const changed = await query('webhooks')
    .where({ id, disabled_at: null })
    .update({ disabled_at: query.fn.now(), disabled_reason: reason });
  return changed === 1;
}

/** What happens from now on is delivered again; what happened meanwhile can be replayed. */
export async function enableWebhook(db: Database, id: string): Promise<void> {
  const query = await db.write();
  await query('webhooks')
    .where({ id })
    .update({ disabled_at: null, disabled_reason: null, failing_since: null });
}

/** Removes a webhook with its secret and its log. */
export async function deleteWebhook(db: Database, id: string): Promise<void> {
  const query = await db.write();
  await query('webhooks').where({ id }).delete();
}
