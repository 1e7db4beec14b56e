// apis create, update, show, list, suspend, resume, remove.
import { type Command, Option } from 'commander';
import {
  ENVIRONMENTS,
  EXTRA_CLAIMS,
  SIGNING_ALGS,
  TOKEN_TYPES,
} from '../../catalog/api-request.ts';
import { jsonOption, readReason, reasonOption } from '../list-options.ts';
import { createOptions, updateOptions } from './api-options.ts';
import { collectScope, collectScopeText, readSeconds } from './api-values.ts';
import { runCreate, runRemove, runResume, runSuspend, runUpdate } from './change-apis.ts';
import { runList, runShow } from './show-apis.ts';

const NAME = '<id|resource>';
const WHICH = 'api_..., its resource or its audience';

/** Adds the commands to the program. */
export function addApiCommands(program: Command): void {
  const apis = program.command('apis').description('the APIs that access tokens are for');
  addCreate(apis);
  addUpdate(apis);

  apis
    .command('show')
    .description('show an API: its tokens, its scopes, who looks after it')
    .argument(NAME, WHICH)
    .option('--json', 'print JSON')
    .action((name: string, options: unknown) => runShow(name, jsonOption.parse(options)));

  apis
    .command('list')
    .description('list the APIs, oldest first')
    .option('--json', 'print JSON')
    .action((options: unknown) => runList(jsonOption.parse(options)));

  apis
    .command('suspend')
    .description('issue no more tokens for an API, on any node, until it is resumed')
    .argument(NAME, WHICH)
    .requiredOption('--reason <text>', 'why; for the audit trail', readReason)
    .option('--json', 'print JSON')
    .action((name: string, options: unknown) => runSuspend(name, reasonOption.parse(options)));

  apis
    .command('resume')
    .description('issue tokens for a suspended API again')
    .argument(NAME, WHICH)
    .option('--json', 'print JSON')
    .action((name: string, options: unknown) => runResume(name, jsonOption.parse(options)));

  apis
    .command('remove')
    .description('remove an API whose scopes no product and no client has any more')
    .argument(NAME, WHICH)
    .option('--json', 'print JSON')
    .action((name: string, options: unknown) => runRemove(name, jsonOption.parse(options)));
}

function addCreate(apis: Command): void {
  const create = apis
    .command('create')
    .description('register an API and its scopes')
    .requiredOption('--name <name>', 'what people read')
    .requiredOption('--resource <uri>', 'its resource indicator: an absolute URI (RFC 8707)')
    .option('--audience <text>', '`aud` of its tokens (default: the resource)')
    .addOption(choice('--environment <kind>', 'what it is for', ENVIRONMENTS))
    .addOption(scopeOption().makeOptionMandatory())
    .addOption(choice('--alg <alg>', 'what signs its tokens', SIGNING_ALGS))
    .addOption(choice('--typ <type>', 'JWT header `typ`; older validators take JWT', TOKEN_TYPES))
    .option('--lifetime <seconds>', 'how long a token lives, 60 to 3600', readSeconds, 600);
  addExtras(create).addHelpText(
    'after',
    `
Example:
  $ npx gatehouse apis create --name Orders --resource https://api.example.com/orders \\
      --scope 'orders.read=See orders' --scope 'orders.write=Place and change orders' --claim roles
`,
  );
  create.action((options: unknown) => runCreate(createOptions.parse(options)));
}

function addUpdate(apis: Command): void {
  const update = apis
    .command('update')
    .description('change an API; what is not named stays')
    .argument(NAME, WHICH)
    .option('--name <name>', 'what people read')
    .option('--audience <text>', '`aud` of its tokens')
    .addOption(scopeOption())
    .option('--remove-scope <name...>', 'a scope that no product and no client has any more')
    .addOption(new Option('--alg <alg>', 'what signs its tokens').choices(SIGNING_ALGS))
    .addOption(new Option('--typ <type>', 'JWT header `typ`').choices(TOKEN_TYPES))
    .option('--lifetime <seconds>', 'how long a token lives, 60 to 3600', readSeconds);
  addExtras(update)
    .option('--no-claims', 'no further claims')
    .option('--no-owner-group', 'nobody but administrators looks after it')
    .option('--no-example-url', 'no example')
    .addHelpText(
      'after',
      `
A scope that there is gets the new text; --claim names all further claims.

Example:
  $ npx gatehouse apis update https://api.example.com/orders \\
      --scope-text 'orders.read:de=Bestellungen sehen' --owner-group orders-team
`,
    );
  update.action((name: string, options: unknown) => runUpdate(name, updateOptions.parse(options)));
}

function addExtras(command: Command): Command {
  return command
    .addOption(
      new Option('--claim <name...>', 'a further claim of its tokens').choices(EXTRA_CLAIMS),
    )
    .addOption(
      new Option(
        '--scope-text <name:language=text...>',
        'what people read of a scope in another language',
      ).argParser(collectScopeText),
    )
    .option('--owner-group <name>', 'the group that looks after it')
    .option('--example-url <url>', 'a GET that shows developers that their token works')
    .option(
      '--reuse <seconds>',
      'the same client-credentials request gets the same token for so long, 0 to 3600',
      readSeconds,
    )
    .option('--json', 'print JSON');
}

function scopeOption(): Option {
  return new Option(
    '--scope <name=description...>',
    'a scope, and what people read when asked',
  ).argParser(collectScope);
}

function choice<T extends string>(flags: string, what: string, values: readonly [T, ...T[]]) {
  return new Option(flags, what).choices(values).default(values[0]);
}
