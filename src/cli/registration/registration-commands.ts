// registration-tokens create, list, revoke.
import { type Command, InvalidArgumentError, Option } from 'commander';
import { z } from 'zod';
import {
  createPolicy,
  endPolicy,
} from '../../applications/dynamic-registration/manage-policies.ts';
import { UsageError } from '../../errors.ts';
import { listPolicies, type RegistrationPolicy } from '../../storage/registration-policies.ts';
import { addListOptions, listOptions } from '../list-options.ts';
import { OPERATOR, withInstallation } from '../open.ts';
import { formatTime, note, printFields, printJson, printTable } from '../print.ts';

const KINDS = ['web', 'spa', 'native', 'machine'] as const;
const createOptions = z.object({
  owner: z.string(),
  client: z.string().optional(),
  kinds: z.array(z.enum(KINDS)).default([...KINDS]),
  redirectHost: z.array(z.string()).default([]),
  product: z.array(z.string()).default([]),
  environment: z.enum(['sandbox', 'production']).default('sandbox'),
  uses: z.number().optional(),
  expires: z.string().optional(),
  json: z.boolean().default(false),
});
const jsonOption = z.object({ json: z.boolean().default(false) });

const CREATE_HELP = `
With --client no token is made: that client registers with access tokens that it gets for itself with the
scope client:register, as Gravitee does. Give it that scope first:
  $ npx gatehouse clients create --kind machine --name "Gravitee" --api <issuer>/api/v1 --scope client:register

Examples:
  $ npx gatehouse registration-tokens create --owner ada@example.com --kinds machine --uses 1 --expires 2026-12-31
  $ npx gatehouse registration-tokens create --owner ada@example.com --redirect-host '*.example.com' --product prd_...
  $ npx gatehouse registration-tokens create --owner portal@example.com --client c_... --product prd_...
`;

/** Adds the commands to the program. */
export function addRegistrationCommands(program: Command): void {
  const tokens = program
    .command('registration-tokens')
    .description('who may register clients by program (RFC 7591), and which');

  tokens
    .command('create')
    .description('make a token that registers clients, and show it')
    .requiredOption('--owner <id|email>', 'whose applications they become')
    .option('--client <id>', 'instead of a token: this client, with its own access tokens')
    .addOption(new Option('--kinds <kind...>', 'what may be registered').choices(KINDS))
    .option('--redirect-host <host...>', 'where people may be sent back to, such as *.example.com')
    .option('--product <id...>', 'what a client is subscribed to, as far as its scopes ask for it')
    .addOption(
      new Option('--environment <name>', 'of the clients').choices(['sandbox', 'production']),
    )
    .option('--uses <count>', 'how many clients at most', readUses)
    .option('--expires <time>', 'such as 2026-12-31 or 2026-12-31T12:00:00Z')
    .option('--json', 'print JSON')
    .addHelpText('after', CREATE_HELP)
    .action((options: unknown) => runCreate(createOptions.parse(options)));

  addListOptions(
    tokens.command('list').description('list them, revoked and expired ones too, oldest first'),
  ).action((options: unknown) => runList(listOptions.parse(options)));

  tokens
    .command('revoke')
    .description('let nobody register with it any more; what it registered stays')
    .argument('<id>', 'reg_...')
    .option('--json', 'print JSON')
    .action((id: string, options: unknown) => runRevoke(id, jsonOption.parse(options).json));
}

async function runCreate(options: z.infer<typeof createOptions>): Promise<void> {
  const { policy, token } = await withInstallation(async ({ db, secrets }) => {
    const { hashKeys } = await secrets();
    const request = {
      ...{ owner: options.owner, clientId: options.client, kinds: options.kinds },
      ...{ redirectHosts: options.redirectHost, productIds: options.product },
      ...{ environment: options.environment, uses: options.uses },
      expiresAt: options.expires === undefined ? undefined : readMoment(options.expires),
    };
    return createPolicy({ db, hashKeys }, request, OPERATOR);
  });
  if (options.json) return printJson({ id: policy.id, token: token ?? null });
  printFields([['id', policy.id], ...(token ? [['token', token] as [string, string]] : [])]);
  if (token) note('The token is shown once: whoever has it can register clients.');
}

async function runList({ json, limit }: z.infer<typeof listOptions>): Promise<void> {
  const found = await withInstallation(({ db }) => listPolicies(db, limit + 1));
  const shown = found.slice(0, limit);
  if (found.length > limit) note(`There are more than ${limit}: --limit shows more.`);
  if (json) return printJson(shown);
  printTable(
    ['ID', 'FOR', 'OWNER', 'KINDS', 'ENVIRONMENT', 'USES LEFT', 'STATE'],
    shown.map((row) => [
      ...[row.id, row.hint ?? row.client_id ?? '', row.owner_id, row.kinds.join(' ')],
      ...[row.environment, String(row.uses_left ?? 'any'), stateOf(row)],
    ]),
    'Nobody may register clients by program: `gatehouse registration-tokens create --help`.',
  );
}

async function runRevoke(id: string, json: boolean): Promise<void> {
  await withInstallation(({ db }) => endPolicy(db, id, OPERATOR));
  if (json) return printJson({ id, revoked: true });
  process.stdout.write(`${id} is revoked: it registers nothing any more.\n`);
}

function stateOf({ revoked_at, expires_at }: RegistrationPolicy): string {
  if (revoked_at) return 'revoked';
  if (!expires_at) return 'in force';
  return `${expires_at > new Date() ? 'until' : 'expired'} ${formatTime(expires_at)}`;
}

function readUses(text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Write a whole number from 1 to 999999.');
}

function readMoment(text: string): Date {
  const time = new Date(text);
  if (Number.isNaN(time.getTime()) || time < new Date())
    throw new UsageError('--expires takes a moment to come, such as 2026-12-31.');
  return time;
}
