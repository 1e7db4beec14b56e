// webhooks add, list, show, set, enable, disable, remove, rotate-secret, deliveries, replay, test.
import { type Command, InvalidArgumentError } from 'commander';
import { z } from 'zod';
import { addListOptions, listOptions } from '../list-options.ts';

const jsonOption = z.object({ json: z.boolean().default(false) });
const isJson = (options: unknown) => jsonOption.parse(options).json;

// Loaded only when one of them runs.
const changes = () => import('./change-webhooks.ts');
const shows = () => import('./show-webhooks.ts');
const deliveries = () => import('./webhook-deliveries.ts');

const ADD_HELP = `
Events: a type such as subscription.submitted, all of a group such as 'subscription.*', or '*'.

Examples:
  $ npx gatehouse webhooks add --url https://portal.example.com/events --event 'subscription.*' account.created
  $ npx gatehouse webhooks add --url https://crm.example.com/decide --approval
`;

/** Adds the commands to the program. */
export function addWebhookCommands(program: Command): void {
  const webhooks = program.command('webhooks').description('who is told of what happens here');
  addChanges(webhooks);
  addStates(webhooks);
  addDeliveries(webhooks);
}

function addChanges(webhooks: Command): void {
  webhooks
    .command('add')
    .description('add a webhook and show its secret')
    .requiredOption('--url <url>', 'where the events are posted to')
    .option('--event <type...>', 'what it is told of')
    .option('--approval', 'its answers decide on subscriptions with the approval policy webhook')
    .option('--description <text>', 'what it is for')
    .option('--private-network', 'it is in a network of yours: private addresses are open to it')
    .option('--json', 'print JSON')
    .addHelpText('after', ADD_HELP)
    .action(async (options: unknown) => {
      const { addOptions, runAdd } = await changes();
      await runAdd(addOptions.parse(options));
    });

  webhooks
    .command('set')
    .description('change a webhook')
    .argument('<id>')
    .option('--url <url>', 'where the events are posted to')
    .option('--event <type...>', 'what it is told of, instead of what it is told of now')
    .option('--description <text>', 'what it is for')
    .option('--private-network', 'it is in a network of yours')
    .option('--no-private-network', 'it is not')
    .option('--json', 'print JSON')
    .action(async (id: string, options: unknown) => {
      const { runSet, setOptions } = await changes();
      await runSet(id, setOptions.parse(options));
    });

  webhooks
    .command('rotate-secret')
    .description('give a webhook a new secret; the old one signs beside it for a while')
    .argument('<id>')
    .option('--overlap <hours>', 'for how long (0: not at all)', readHours, 24)
    .option('--json', 'print JSON')
    .action(async (id: string, options: unknown) => {
      const { rotateOptions, runRotate } = await changes();
      await runRotate(id, rotateOptions.parse(options));
    });
}

function addStates(webhooks: Command): void {
  webhooks
    .command('list')
    .description('list webhooks, oldest first')
    .option('--json', 'print JSON')
    .action(async (options: unknown) => (await shows()).runList(isJson(options)));

  webhooks
    .command('show')
    .description('show a webhook, without its secret')
    .argument('<id>')
    .option('--json', 'print JSON')
    .action(async (id: string, options: unknown) => (await shows()).runShow(id, isJson(options)));

  const verbs = {
    enable: 'deliver to a webhook again; `replay --since` sends what it missed',
    disable: 'deliver nothing to a webhook from now on',
    remove: 'remove a webhook with its secret and its log',
  };
  for (const [verb, description] of Object.entries(verbs)) {
    webhooks
      .command(verb)
      .description(description)
      .argument('<id>')
      .option('--json', 'print JSON')
      .action(async (id: string, options: unknown) => {
        const { runVerb } = await changes();
        await runVerb(verb as keyof typeof verbs, id, isJson(options));
      });
  }
}

function addDeliveries(webhooks: Command): void {
  const log = webhooks
    .command('deliveries')
    .description('what was delivered, or was not; of one delivery, its attempts and answers')
    .argument('<id>', 'wh_... or whd_...')
    .option('--state <state>', 'only pending, delivered or failed ones');
  addListOptions(log).action(async (id: string, options: unknown) => {
    const { deliveriesOptions, runDeliveries } = await deliveries();
    await runDeliveries(id, deliveriesOptions.extend(listOptions.shape).parse(options));
  });

  webhooks
    .command('replay')
    .description('deliver again: one delivery, or all that a webhook wants since a moment')
    .argument('<id>', 'whd_..., or wh_... with --since')
    .option('--since <time>', 'such as 2026-11-28T09:00:00Z, at most 30 days ago')
    .option('--json', 'print JSON')
    .action(async (id: string, options: unknown) => {
      const { replayOptions, runReplay } = await deliveries();
      await runReplay(id, replayOptions.parse(options));
    });

  webhooks
    .command('test')
    .description('post a webhook.test event now, and say what was answered')
    .argument('<id>')
    .option('--json', 'print JSON')
    .action(async (id: string, options: unknown) =>
      (await deliveries()).runTest(id, isJson(options)),
    );
}

function readHours(text: string): number {
  if (/^\d{1,3}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Write a whole number of hours from 0 to 999.');
}
