// webhooks deliveries, replay, test.
import { z } from 'zod';
import { UsageError } from '../../errors.ts';
import { listAttempts, listDeliveries } from '../../storage/webhook-deliveries.ts';
import { createWebhookFetches, deliver } from '../../webhooks/deliver.ts';
import { loadWebhook } from '../../webhooks/manage-webhooks.ts';
import { loadDelivery, prepareTest, replayDelivery, replaySince } from '../../webhooks/replay.ts';
import { OPERATOR, withInstallation } from '../open.ts';
import { formatTime, note, printFields, printJson, printTable } from '../print.ts';

export const deliveriesOptions = z.object({
  state: z.enum(['pending', 'delivered', 'failed']).optional(),
});
export const replayOptions = z.object({
  since: z.string().optional(),
  json: z.boolean().default(false),
});

interface DeliveriesOptions extends z.infer<typeof deliveriesOptions> {
  json: boolean;
  limit: number;
}

/** Lists the deliveries of a webhook, or shows one with its attempts. */
export function runDeliveries(id: string, options: DeliveriesOptions): Promise<void> {
  return id.startsWith('whd_') ? showDelivery(id, options.json) : listOf(id, options);
}

async function listOf(id: string, { json, limit, state }: DeliveriesOptions): Promise<void> {
  const found = await withInstallation(async ({ db }) => {
    const webhook = await loadWebhook(db, id);
    return listDeliveries(db, webhook.id, { limit: limit + 1, state });
  });
  const shown = found.slice(0, limit);
  if (found.length > limit) note(`There are more than ${limit}: --limit shows more.`);
  if (json) return printJson(shown);
  printTable(
    ['ID', 'EVENT', 'STATE', 'ATTEMPTS', 'LAST', 'MS', 'CREATED'],
    shown.map((row) => [
      ...[row.id, row.type, row.state, String(row.attempts), row.outcome ?? '-'],
      ...[String(row.duration_ms ?? '-'), formatTime(row.created_at)],
    ]),
    'Nothing was delivered to it in the last 30 days.',
  );
}

async function showDelivery(id: string, json: boolean): Promise<void> {
  const { delivery, attempts } = await withInstallation(async ({ db }) => ({
    delivery: await loadDelivery(db, id),
    attempts: await listAttempts(db, id),
  }));
  if (json) return printJson({ ...delivery, attempts_made: attempts });
  printFields([
    ['id', delivery.id],
    ['webhook', delivery.webhook_id],
    ['event', `${delivery.event_id} ${delivery.type}`],
    ['happened', formatTime(delivery.happened_at)],
    ['data', JSON.stringify(delivery.data)],
    ['state', delivery.state],
  ]);
  printTable(
    ['ATTEMPT', 'MS', 'OUTCOME', 'ANSWER'],
    attempts.map((attempt) => [
      ...[formatTime(attempt.attempted_at), String(attempt.duration_ms)],
      ...[attempt.outcome, attempt.response.slice(0, 80)],
    ]),
    'It was not tried yet.',
  );
}

/** Queues deliveries again; the server makes them. */
export async function runReplay(
  id: string,
  { since, json }: z.infer<typeof replayOptions>,
): Promise<void> {
  const result = await withInstallation(async ({ db }) => {
    if (since === undefined) return { delivery: await replayDelivery(db, id, OPERATOR) };
    const webhook = await loadWebhook(db, id);
    return { queued: await replaySince(db, webhook, readMoment(since), OPERATOR) };
  });
  if (json) return printJson(result);
  process.stdout.write(
    'delivery' in result ? `Queued as ${result.delivery}.\n` : `${result.queued} queued.\n`,
  );
}

/** Posts a test event now, from here. Ends with 1 when it is not taken. */
export async function runTest(id: string, json: boolean): Promise<void> {
  // Committed first: what became of it is written in a transaction of its own.
  const due = await withInstallation(async ({ db }) => prepareTest(db, await loadWebhook(db, id)));
  const { result, attempt } = await withInstallation(async ({ db, issuer, secrets }) => {
    const { encryptionKeys } = await secrets();
    const insecure = issuer.startsWith('http:');
    const fetchFor = createWebhookFetches({ privateNetwork: insecure, insecure });
    const decide = async () => 'This is a test.';
    const { sent } = await deliver({ db, encryptionKeys, fetchFor, decide }, due, 1);
    return sent;
  });
  if (result !== 'delivered') process.exitCode = 1;
  if (json) return printJson({ id, delivery: due.id, result, ...attempt });
  printFields([
    ['delivery', due.id],
    ['result', result],
    ['outcome', attempt.outcome],
    ['took', `${attempt.duration_ms} ms`],
    ['answer', attempt.response || '-'],
  ]);
}

function readMoment(text: string): Date {
  const time = new Date(text);
  if (Number.isNaN(time.getTime()))
    throw new UsageError('--since takes a moment such as 2026-11-28T09:00:00Z.');
  return time;
}
