// Webhooks of tests, added by the command line as an operator does.
import type { Gatehouse } from '../_gatehouse.ts';
import { runJobs } from '../_mail.ts';
import { environmentOf, runJson } from '../cli/_cli.ts';

export interface AddedWebhook {
  id: string;
  secret: string;
}

/** Adds a webhook and returns its id and secret. */
export function addWebhook(gatehouse: Gatehouse, url: string, ...options: string[]) {
  const args = ['webhooks', 'add', '--url', url, ...options];
  return runJson<{ id: string; secret: string }>(args, environmentOf(gatehouse.config));
}

/** Runs what is due, and what waits for a later attempt: no test waits for hours. */
export async function runAttempts(gatehouse: Gatehouse): Promise<void> {
  await gatehouse.db.knex.raw(
    `UPDATE graphile_worker._private_jobs SET run_at = now() - interval '1 second'`,
  );
  await runJobs(gatehouse);
}

export interface LoggedDelivery {
  id: string;
  type: string;
  event_id: string;
  state: string;
  attempts: number;
  outcome: string | null;
}

/** The delivery log of a webhook, the newest first. */
export function deliveriesOf(gatehouse: Gatehouse, id: string): Promise<LoggedDelivery[]> {
  return runJson<LoggedDelivery[]>(['webhooks', 'deliveries', id], environmentOf(gatehouse.config));
}
