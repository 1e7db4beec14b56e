// subscriptions list, show, create, approve, reject, suspend, resume, cancel: for operators, and for a
// portal's paywall (--delegation).
import { type Command, Option } from 'commander';
import { addListOptions, jsonOption, readReason } from '../list-options.ts';
import { changeOptions, createOptions, runChange, runCreate } from './change-subscriptions.ts';
import { listSubscriptionsOptions, runList, runShow, STATES } from './show-subscriptions.ts';

const ID = 'sub_...';
const ENVIRONMENTS = ['sandbox', 'production'];

const VERBS = {
  approve: 'approve what was asked for: it is active, and the application is in production',
  reject: 'reject what was asked for',
  suspend: 'stop the tokens of an active subscription until it is resumed',
  resume: 'let the tokens of a suspended subscription be issued again',
  cancel: 'end a subscription',
} as const;

/** Adds the commands to the program. */
export function addSubscriptionCommands(program: Command): void {
  const subscriptions = program
    .command('subscriptions')
    .description('what applications may use, and who decided that');

  addListOptions(
    subscriptions
      .command('list')
      .description('list subscriptions, newest first')
      .option('--application <id>', 'of one application: app_...')
      .option('--product <id|name>', 'to one product')
      .addOption(new Option('--state <state>', 'in one state').choices(STATES))
      .addOption(new Option('--environment <kind>', 'in one environment').choices(ENVIRONMENTS)),
  ).action((options: unknown) => runList(listSubscriptionsOptions.parse(options)));

  subscriptions
    .command('show')
    .description('show a subscription and who changed it when and why')
    .argument('<id>', ID)
    .option('--json', 'print JSON')
    .action((id: string, options: unknown) => runShow(id, jsonOption.parse(options)));

  withActor(
    subscriptions
      .command('create')
      .description('subscribe an application; one that is open already is printed as it is')
      .requiredOption('--application <id>', 'app_...')
      .requiredOption('--product <id|name>', 'prd_... or its name')
      .addOption(
        new Option('--environment <kind>', 'where').choices(ENVIRONMENTS).default('production'),
      )
      .option('--redirect-uri <uri...>', 'where people are sent back to in production')
      .option('--origin <origin...>', 'where code in a browser calls from in production')
      .option('--note <text>', 'for those who decide', readReason),
  )
    .addHelpText(
      'after',
      `
What a product waits for, it waits for here, too: \`subscriptions approve\` ends that.

Example, after a payment:
  $ npx gatehouse subscriptions create --application app_12ab --product Orders --delegation --json
  $ npx gatehouse subscriptions approve sub_34cd --delegation --reason "invoice 2026-117"
`,
    )
    .action((options: unknown) => runCreate(createOptions.parse(options)));

  for (const verb of ['approve', 'reject', 'suspend', 'resume', 'cancel'] as const) {
    const needsReason = verb === 'reject' || verb === 'suspend';
    const command = subscriptions.command(verb).description(VERBS[verb]).argument('<id>', ID);
    withActor(
      needsReason
        ? command.requiredOption('--reason <text>', 'why; the owners read it', readReason)
        : command.option('--reason <text>', 'why; the owners read it', readReason, ''),
    ).action((id: string, options: unknown) => runChange(verb, id, changeOptions.parse(options)));
  }
}

function withActor(command: Command): Command {
  return command
    .option('--delegation', 'a portal does it, for example after a payment: the history says so')
    .option('--json', 'print JSON');
}
