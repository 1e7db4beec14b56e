// products create, update, show, list, retire, restore.
import { type Command, Option } from 'commander';
import { APPROVALS } from '../../catalog/product-request.ts';
import { addListOptions, jsonOption, listOptions, readCount } from '../list-options.ts';
import { runCreate, runRetire, runUpdate } from './change-products.ts';
import { createOptions, updateOptions } from './product-options.ts';
import { runList, runShow } from './show-products.ts';

const NAME = '<id|name>';

const SCOPES_HELP = `
Scopes: \`--scope https://api.example.com/orders:orders.read\`, or \`--api <id|resource>\` for all scopes of
an API, or both: then each --scope is a scope of the APIs that --api names. Name the APIs of both
environments, so that developers can try in the sandbox what they subscribe to in production.
`;

/** Adds the commands to the program. */
export function addProductCommands(program: Command): void {
  const products = program
    .command('products')
    .description('what developers subscribe to: scopes of APIs under one policy');

  const create = products
    .command('create')
    .description('create a product')
    .requiredOption('--name <name>', 'what developers read')
    .addOption(
      new Option('--approval <how>', 'what a production subscription waits for')
        .choices(APPROVALS)
        .default('automatic'),
    );
  addParts(create)
    .addHelpText(
      'after',
      `${SCOPES_HELP}
Example:
  $ npx gatehouse products create --name Orders --approval person --quota-class gold \\
      --api https://api.example.com/orders https://sandbox.api.example.com/orders
`,
    )
    .action((options: unknown) => runCreate(createOptions.parse(options)));

  const update = products
    .command('update')
    .description('change a product; what is not named stays')
    .argument(NAME, 'prd_... or its name')
    .option('--name <name>', 'what developers read')
    .addOption(
      new Option('--approval <how>', 'what a production subscription waits for').choices(APPROVALS),
    );
  addParts(update)
    .option('--no-visible-to', 'everybody sees it')
    .option('--no-quota-class', 'no limits')
    .option('--no-terms', 'no terms')
    .option('--no-lifetime', 'subscriptions do not end by themselves')
    .option('--no-owner-group', 'the owner groups of its APIs decide, beside administrators')
    .addHelpText(
      'after',
      `${SCOPES_HELP}They replace all that the product has, for those who subscribed already, too.
`,
    )
    .action((name: string, options: unknown) => runUpdate(name, updateOptions.parse(options)));

  products
    .command('show')
    .description('show a product')
    .argument(NAME, 'prd_... or its name')
    .option('--json', 'print JSON')
    .action((name: string, options: unknown) => runShow(name, jsonOption.parse(options)));

  addListOptions(
    products.command('list').description('list the products by name, retired ones too'),
  ).action((options: unknown) => runList(listOptions.parse(options)));

  for (const verb of ['retire', 'restore'] as const) {
    products
      .command(verb)
      .description(
        verb === 'retire'
          ? 'take a product off the list; its subscriptions go on'
          : 'put a retired product on the list again',
      )
      .argument(NAME, 'prd_... or its name')
      .option('--json', 'print JSON')
      .action((name: string, options: unknown) => runRetire(verb, name, jsonOption.parse(options)));
  }
}

function addParts(command: Command): Command {
  return command
    .option('--description <text>', 'what it is for')
    .option('--api <id|resource...>', 'an API whose scopes it has')
    .option('--scope <scope...>', 'a scope that it has')
    .option('--visible-to <group...>', 'only accounts in one of these groups see it')
    .option('--owner-group <name>', 'who decides on subscriptions, beside administrators')
    .option('--quota-class <name>', 'how many tokens its subscribers may fetch')
    .option('--terms <file>', 'a plain text that developers accept; blank lines part paragraphs')
    .option('--lifetime <days>', 'a production subscription ends after so long', readCount)
    .option('--json', 'print JSON');
}
