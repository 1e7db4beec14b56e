// What happened, for those who asked to be told.
import type { Database } from './database.ts';

export interface NewEvent {
  /** Such as `subscription.activated`. */
  type: string;
  /** Ids and states; never a secret. */
  data: Record<string, unknown>;
}

/** Writes an event, and queues its deliveries to webhooks, in the transaction of what it tells of. */
export async function insertEvent(db: Database, { type, data }: NewEvent): Promise<void> {
  const query = await db.write();
  await query.raw('SELECT record_event(?, ?::jsonb)', [type, JSON.stringify(data)]);
}
