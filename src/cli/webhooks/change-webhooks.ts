// webhooks add, set, rotate-secret, enable, disable, remove.
import { z } from 'zod';
import { UsageError } from '../../errors.ts';
import {
  addWebhook,
  changeWebhook,
  closeWebhook,
  loadWebhook,
  openWebhook,
  removeWebhook,
  rotateWebhookSecret,
} from '../../webhooks/manage-webhooks.ts';
import { type Installation, OPERATOR, withInstallation } from '../open.ts';
import { note, printFields, printJson } from '../print.ts';

const json = z.boolean().default(false);
export const addOptions = z.object({
  url: z.string(),
  event: z.array(z.string()).default([]),
  approval: z.boolean().default(false),
  description: z.string().default(''),
  privateNetwork: z.boolean().default(false),
  json,
});
export const setOptions = z.object({
  url: z.string().optional(),
  event: z.array(z.string()).optional(),
  description: z.string().optional(),
  privateNetwork: z.boolean().optional(),
  json,
});
export const rotateOptions = z.object({ overlap: z.number(), json });

/** Adds a webhook; its secret is shown here and nowhere else. */
export async function runAdd(options: z.infer<typeof addOptions>): Promise<void> {
  const { event: events, json, ...request } = options;
  if (options.approval && events.length > 0)
    throw new UsageError('--approval is told of subscription.submitted only: leave --event out.');
  const { webhook, secret } = await withInstallation(async (installation) =>
    addWebhook(await manageDeps(installation), { ...request, events }, OPERATOR),
  );
  if (json) return printJson({ id: webhook.id, url: webhook.url, events: webhook.events, secret });
  printFields([
    ['id', webhook.id],
    ['url', webhook.url],
    ['events', webhook.events],
    ['secret', secret],
  ]);
  note(
    `The secret is shown once. \`gatehouse webhooks test ${webhook.id}\` posts a first message.`,
  );
}

/** Changes what is given. */
export async function runSet(id: string, options: z.infer<typeof setOptions>): Promise<void> {
  const { event: events, json, ...given } = options;
  const changes = { ...given, ...(events ? { events } : {}) };
  if (Object.keys(changes).length === 0) throw new UsageError('Name what changes, such as --url.');
  await withInstallation(async ({ db, issuer }) => {
    const webhook = await loadWebhook(db, id);
    await changeWebhook({ db, insecure: isInsecure(issuer) }, webhook, changes, OPERATOR);
  });
  if (json) return printJson({ id, changed: Object.keys(changes) });
  process.stdout.write(`${id} is changed.\n`);
}

/** Rotates the secret; the new one is shown here and nowhere else. */
export async function runRotate(id: string, options: z.infer<typeof rotateOptions>): Promise<void> {
  const secret = await withInstallation(async ({ db, secrets }) => {
    const { encryptionKeys } = await secrets();
    const webhook = await loadWebhook(db, id);
    return rotateWebhookSecret({ db, encryptionKeys }, webhook, options.overlap, OPERATOR);
  });
  if (options.json) return printJson({ id, secret, overlap_hours: options.overlap });
  printFields([
    ['id', id],
    ['secret', secret],
  ]);
  note(`The secret is shown once. The old one signs beside it for ${options.overlap} hours.`);
}

const VERBS = {
  enable: { run: openWebhook, done: 'is enabled' },
  disable: { run: closeWebhook, done: 'is disabled: nothing is delivered to it' },
  remove: { run: removeWebhook, done: 'is removed' },
};

/** Enables, disables or removes a webhook. */
export async function runVerb(verb: keyof typeof VERBS, id: string, json: boolean): Promise<void> {
  const { run, done } = VERBS[verb];
  await withInstallation(async ({ db }) => run(db, await loadWebhook(db, id), OPERATOR));
  if (json) return printJson({ id, [`${verb}d`]: true });
  process.stdout.write(`${id} ${done}.\n`);
}

async function manageDeps({ db, issuer, secrets }: Installation) {
  const { encryptionKeys } = await secrets();
  return { db, encryptionKeys, insecure: isInsecure(issuer) };
}

// An http issuer is on loopback, or the configuration would have been refused.
function isInsecure(issuer: string): boolean {
  return issuer.startsWith('http:');
}
