// Asking for a job in the transaction of what caused it; and what becomes of one whose node died.
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

/**
 * Gives back the jobs, and the lanes, that a node held when it died: the job runner itself would wait
 * four hours. No job that must not run twice at once takes this long.
 */
export async function releaseLostJobs(db: Database): Promise<void> {
  await db.knex.raw(
    `SELECT graphile_worker.force_unlock_workers(array_agg(DISTINCT locked_by))
     FROM graphile_worker.jobs WHERE locked_at < now() - interval '5 minutes' HAVING count(*) > 0`,
  );
}
