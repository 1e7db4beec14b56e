// webhooks list, show.
import { listWebhooks, type WebhookRow } from '../../storage/webhooks.ts';
import { loadWebhook } from '../../webhooks/manage-webhooks.ts';
import { withInstallation } from '../open.ts';
import { formatTime, printFields, printJson, printTable } from '../print.ts';

/** Lists all webhooks. */
export async function runList(json: boolean): Promise<void> {
  const webhooks = await withInstallation(({ db }) => listWebhooks(db));
  if (json) return printJson(webhooks.map(describeWebhook));
  printTable(
    ['ID', 'STATE', 'EVENTS', 'URL'],
    webhooks.map((row) => [row.id, stateOf(row), row.events.join(' '), row.url]),
    'There are no webhooks yet: `gatehouse webhooks add --help` shows how to add one.',
  );
}

/** Shows one webhook. */
export async function runShow(id: string, json: boolean): Promise<void> {
  const webhook = await withInstallation(({ db }) => loadWebhook(db, id));
  if (json) return printJson(describeWebhook(webhook));
  printFields([
    ['id', webhook.id],
    ['url', webhook.url],
    ['state', stateOf(webhook)],
    ['events', webhook.events],
    ['decides', webhook.approval ? 'on subscriptions' : 'nothing'],
    ['private network', webhook.private_network ? 'open' : 'closed'],
    ['description', webhook.description || '-'],
    ['created', formatTime(webhook.created_at)],
  ]);
}

function stateOf({ disabled_at, disabled_reason, failing_since }: WebhookRow): string {
  if (disabled_at) return `disabled (${disabled_reason})`;
  return failing_since ? `failing since ${formatTime(failing_since)}` : 'enabled';
}

/** A webhook as --json shows it: all but its secrets. */
function describeWebhook(row: WebhookRow) {
  const { secret: _secret, former_secret: former, former_expires_at, ...shown } = row;
  return { ...shown, former_secret_until: former ? former_expires_at : null };
}
