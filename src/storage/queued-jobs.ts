// Asking for a job in the transaction of what caused it.
import type { Database } from './database.ts';

/** Queues a job in the running unit of work: it runs when that commits, and only then. */
export async function queueJob(
  db: Database,
  task: string,
  payload: Record<string, unknown>,
): Promise<void> {
  const query = await db.write();
  await query.raw('SELECT graphile_worker.add_job(?, ?::json, max_attempts := 10)', [
    task,
    JSON.stringify(payload),
  ]);
}
