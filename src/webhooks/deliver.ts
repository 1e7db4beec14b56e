// The job that makes one delivery. It throws when the receiver did not take it, so that the job runner
// tries again later, ever more seldom. It may run again after a crash: receivers know a message by its id.
import { createOutgoingFetch, type OutgoingFetch } from '../http/outgoing/outgoing-fetch.ts';
import { insertAuditEvents } from '../storage/audit-events.ts';
import type { Database } from '../storage/database.ts';
import { commitWork } from '../storage/unit-of-work.ts';
import {
  type DueDelivery,
  findDueDelivery,
  giveUpDelivery,
  insertAttempt,
  noteHealth,
} from '../storage/webhook-deliveries.ts';
import { type DisabledReason, disableWebhook, type WebhookRow } from '../storage/webhooks.ts';
import { type Decide, decideByAnswer } from './approval-answer.ts';
import type { Lanes } from './lanes.ts';
import { composeMessage } from './message.ts';
import { type Sent, sendMessage } from './send.ts';
import { signingSecrets } from './webhook-secret.ts';

export interface DeliverDeps {
  db: Database;
  encryptionKeys: Buffer[];
  fetchFor: (webhook: Pick<WebhookRow, 'private_network'>) => OutgoingFetch;
  /** What the answer of the approval webhook does. */
  decide: Decide;
}

const TIME_LIMIT_MS = 10_000;
// With the delays of the job runner (e to the power of the attempt, in seconds, six hours at most)
// some 22 hours.
const MAX_ATTEMPTS = 13;
const DISABLED_AFTER_DAYS = 5;

/** The fetch of each webhook: private networks are open to those that are set so, or all to the demo. */
export function createWebhookFetches(policy: {
  privateNetwork: boolean;
  insecure: boolean;
}): DeliverDeps['fetchFor'] {
  const timed = { ...policy, timeLimitMs: TIME_LIMIT_MS };
  const guarded = createOutgoingFetch(timed);
  const open = createOutgoingFetch({ ...timed, privateNetwork: true });
  return (webhook) => (webhook.private_network ? open : guarded);
}

/** The task that makes the delivery of an id. */
export function createWebhookDelivery(
  deps: DeliverDeps,
  lanes: Lanes,
): (payload: unknown) => Promise<void> {
  return (payload) => {
    const { id, webhook } = payload as { id: string; webhook: string };
    return lanes.run(webhook, () => deliverDue(deps, id));
  };
}

async function deliverDue(deps: DeliverDeps, id: string): Promise<void> {
  const due = await findDueDelivery(deps.db, id);
  if (!due) return;
  // What happened meanwhile is replayed by whoever enables it again.
  if (due.webhook.disabled_at) return giveUpDelivery(deps.db, id);
  const { sent, isOver } = await deliver(deps, due);
  if (!isOver) throw new Error(`${due.webhook.id}: ${sent.attempt.outcome}`);
}

/** Makes one attempt and writes it down. `isOver`: it needs no other. */
export async function deliver(
  deps: DeliverDeps,
  due: DueDelivery,
  maxAttempts = MAX_ATTEMPTS,
): Promise<{ sent: Sent; isOver: boolean }> {
  const now = new Date();
  const secrets = signingSecrets(due.webhook, deps.encryptionKeys, now);
  const message = composeMessage(due.event, secrets, now);
  const sent = await sendMessage(deps.fetchFor(due.webhook), due.webhook.url, message);
  if (due.webhook.approval && sent.result === 'delivered')
    sent.attempt.outcome += await decideByAnswer(deps.decide, due.event, sent);
  const isOver = sent.result !== 'failed' || due.attempts + 1 >= maxAttempts;
  await commitWork(deps.db.knex, () => writeDown(deps.db, due, sent, isOver));
  return { sent, isOver };
}

async function writeDown(
  db: Database,
  { id, webhook }: DueDelivery,
  { result, attempt }: Sent,
  isOver: boolean,
): Promise<void> {
  const state = result === 'delivered' ? 'delivered' : isOver ? 'failed' : 'pending';
  if (!(await insertAttempt(db, id, attempt, state))) return;
  const { failingDays } = await noteHealth(db, webhook.id, state === 'delivered');
  if (result === 'gone') await disable(db, webhook.id, 'gone');
  else if (failingDays >= DISABLED_AFTER_DAYS) await disable(db, webhook.id, 'failing');
}

async function disable(db: Database, id: string, reason: DisabledReason): Promise<void> {
  if (!(await disableWebhook(db, id, reason))) return;
  await insertAuditEvents(db, [{ type: 'webhook.disabled', detail: { webhook_id: id, reason } }]);
}
