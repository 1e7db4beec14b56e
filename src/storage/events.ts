// What happened, for those who asked to be told.
import { randomBytes } from 'node:crypto';
import type { Database } from './database.ts';

export interface NewEvent {
  /** Such as `subscription.activated`. */
  type: string;
  /** Ids and states; never a secret. */
  data: Record<string, unknown>;
}

/** Writes an event in the transaction of what it tells of. */
export async function insertEvent(db: Database, { type, data }: NewEvent): Promise<void> {
  const query = await db.write();
  await query('events').insert({
    id: `evt_${randomBytes(12).toString('hex')}`,
    type,
    data: JSON.stringify(data),
  });
}
