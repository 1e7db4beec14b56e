// What operators do with webhooks, in the running unit of work. `by` says in the audit trail who it was.
import { AppError, invalidRequest } from '../errors.ts';
import { insertAuditEvents } from '../storage/audit-events.ts';
import type { Database } from '../storage/database.ts';
import {
  deleteWebhook,
  disableWebhook,
  enableWebhook,
  findWebhook,
  insertWebhook,
  replaceWebhookSecret,
  updateWebhook,
  type WebhookRow,
} from '../storage/webhooks.ts';
import { APPROVAL_EVENTS, eventsProblem } from './event-types.ts';
import { createWebhookSecret } from './webhook-secret.ts';

interface ManageDeps {
  db: Database;
  encryptionKeys: Buffer[];
  /** http is allowed: the demo and tests. */
  insecure: boolean;
}

export interface WebhookRequest {
  url: string;
  description: string;
  events: string[];
  approval: boolean;
  privateNetwork: boolean;
}

/**
 * Adds a webhook; the secret is returned once. Throws 400 that says what is wrong, 409 for a second one
 * that decides.
 */
export async function addWebhook(
  deps: ManageDeps,
  request: WebhookRequest,
  by: string,
): Promise<{ webhook: WebhookRow; secret: string }> {
  const { url, description, approval } = request;
  const events = approval ? APPROVAL_EVENTS : [...new Set(request.events)];
  expectUsable({ url, events }, deps.insecure);
  const { secret, sealed } = createWebhookSecret(deps.encryptionKeys);
  const webhook = await insertWebhook(deps.db, {
    ...{ url, description, events, approval, secret: sealed },
    private_network: request.privateNetwork,
  }).catch((cause) => {
    throw cause.code === '23505' ? alreadyDecided(cause) : cause;
  });
  await note(deps.db, 'webhook.created', webhook.id, { by, events, approval });
  return { webhook, secret };
}

/** One webhook. Throws 404 when there is none. */
export async function loadWebhook(db: Database, id: string): Promise<WebhookRow> {
  const found = await findWebhook(db, id);
  if (found) return found;
  throw new AppError(404, 'not_found', `There is no webhook ${id}.`);
}

/** Changes what is given. Throws 400 that says what is wrong. */
export async function changeWebhook(
  deps: Pick<ManageDeps, 'db' | 'insecure'>,
  webhook: WebhookRow,
  changes: {
    [Name in Exclude<keyof WebhookRequest, 'approval'>]?: WebhookRequest[Name] | undefined;
  },
  by: string,
): Promise<void> {
  const { url = webhook.url, description = webhook.description, events = webhook.events } = changes;
  if (webhook.approval && changes.events)
    throw invalidRequest('The webhook that decides is told of subscription.submitted only.');
  expectUsable({ url, events }, deps.insecure);
  const private_network = changes.privateNetwork ?? webhook.private_network;
  await updateWebhook(deps.db, webhook.id, { url, description, events, private_network });
  await note(deps.db, 'webhook.changed', webhook.id, { by });
}

/** Gives it a new secret, returned once; the old one signs beside it for so many hours. */
export async function rotateWebhookSecret(
  deps: Pick<ManageDeps, 'db' | 'encryptionKeys'>,
  webhook: WebhookRow,
  overlapHours: number,
  by: string,
): Promise<string> {
  const { secret, sealed } = createWebhookSecret(deps.encryptionKeys);
  await replaceWebhookSecret(deps.db, webhook.id, sealed, overlapHours);
  await note(deps.db, 'webhook.secret-rotated', webhook.id, { by });
  return secret;
}

/** Delivers to it again, from now on. */
export async function openWebhook(db: Database, webhook: WebhookRow, by: string): Promise<void> {
  await enableWebhook(db, webhook.id);
  await note(db, 'webhook.enabled', webhook.id, { by });
}

/** Delivers nothing to it from now on. */
export async function closeWebhook(db: Database, webhook: WebhookRow, by: string): Promise<void> {
  if (!(await disableWebhook(db, webhook.id, 'operator'))) return;
  await note(db, 'webhook.disabled', webhook.id, { by, reason: 'operator' });
}

/** Removes it with its secret and its log. */
export async function removeWebhook(db: Database, webhook: WebhookRow, by: string): Promise<void> {
  await deleteWebhook(db, webhook.id);
  await note(db, 'webhook.removed', webhook.id, { by });
}

function note(db: Database, type: string, id: string, detail: Record<string, unknown>) {
  return insertAuditEvents(db, [{ type, detail: { webhook_id: id, ...detail } }]);
}

function expectUsable({ url, events }: { url: string; events: string[] }, insecure: boolean): void {
  const problem = urlProblem(url, insecure) ?? eventsProblem(events);
  if (problem) throw invalidRequest(problem);
}

// Where it leads is checked at each connection.
function urlProblem(text: string, insecure: boolean): string | undefined {
  const url = URL.parse(text);
  if (!url || (url.protocol !== 'https:' && !(insecure && url.protocol === 'http:')))
    return `${text} is no URL that begins with https://.`;
  if (url.username || url.password)
    return 'The URL must not hold a user name or password: our signature is the proof.';
  return url.hash ? 'The URL must not have a fragment (#...).' : undefined;
}

function alreadyDecided(cause: unknown): AppError {
  return new AppError(
    409,
    'conflict',
    'There is a webhook that decides on subscriptions already: remove it first, or change its URL with `gatehouse webhooks set`.',
    { cause },
  );
}
