// apis create, apis list.
import { type Command, InvalidArgumentError, Option } from 'commander';
import { z } from 'zod';
import {
  ENVIRONMENTS,
  EXTRA_CLAIMS,
  registerApi,
  SIGNING_ALGS,
  TOKEN_TYPES,
} from '../catalog/register-api.ts';
import { ensureSigningKeys } from '../oidc/keys/ensure-keys.ts';
import { type Api, listApis } from '../storage/apis.ts';
import { insertAuditEvents } from '../storage/audit-events.ts';
import { OPERATOR, withInstallation } from './open.ts';
import { printFields, printJson, printTable } from './print.ts';

const scopeOption = z.object({ name: z.string(), description: z.string() });
const listOptions = z.object({ json: z.boolean().default(false) });
const createOptions = z.object({
  name: z.string(),
  resource: z.string(),
  audience: z.string().optional(),
  environment: z.enum(ENVIRONMENTS),
  scope: z.array(scopeOption),
  alg: z.enum(SIGNING_ALGS),
  typ: z.enum(TOKEN_TYPES),
  lifetime: z.number(),
  claim: z.array(z.enum(EXTRA_CLAIMS)).default([]),
  json: z.boolean().default(false),
});

/** Adds the commands to the program. */
export function addApiCommands(program: Command): void {
  const apis = program.command('apis').description('the APIs that access tokens are for');

  apis
    .command('create')
    .description('register an API and its scopes')
    .requiredOption('--name <name>', 'what people read')
    .requiredOption('--resource <uri>', 'its resource indicator: an absolute URI (RFC 8707)')
    .option('--audience <text>', '`aud` of its tokens (default: the resource)')
    .addOption(choice('--environment <kind>', 'what it is for', ENVIRONMENTS))
    .addOption(
      new Option('--scope <name=description...>', 'a scope, and what people read when asked')
        .argParser(collectScope)
        .makeOptionMandatory(),
    )
    .addOption(choice('--alg <alg>', 'what signs its tokens', SIGNING_ALGS))
    .addOption(choice('--typ <type>', 'JWT header `typ`; older validators take JWT', TOKEN_TYPES))
    .option('--lifetime <seconds>', 'how long a token lives, 60 to 3600', readSeconds, 600)
    .addOption(
      new Option('--claim <name...>', 'a further claim of its tokens').choices(EXTRA_CLAIMS),
    )
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Example:
  $ npx gatehouse apis create --name Orders --resource https://api.example.com/orders \\
      --scope 'orders.read=See orders' --scope 'orders.write=Place and change orders' --claim roles
`,
    )
    .action((options: unknown) => runCreate(createOptions.parse(options)));

  apis
    .command('list')
    .description('list the APIs, oldest first')
    .option('--json', 'print JSON')
    .action((options: unknown) => runList(listOptions.parse(options)));
}

async function runCreate(options: z.infer<typeof createOptions>): Promise<void> {
  const { claim: claims, scope: scopes, lifetime: tokenLifetime, json, ...rest } = options;
  const api = await withInstallation(async ({ db, secrets, keyTimes }) => {
    const { encryptionKeys } = await secrets();
    const id = await registerApi(
      { db, ensureSigningKey: (alg) => ensureSigningKeys({ db, encryptionKeys, keyTimes }, [alg]) },
      { ...rest, audience: rest.audience ?? rest.resource, claims, scopes, tokenLifetime },
    );
    const detail = { by: OPERATOR, api: id, resource: rest.resource };
    await insertAuditEvents(db, [{ type: 'api.registered', detail }]);
    return (await listApis(db)).find((found) => found.id === id);
  });
  if (!api) throw new Error('the API just registered is not there');
  if (json) return printJson(describeApi(api));
  printFields([
    ['id', api.id],
    ['resource', api.resource],
    ['audience', api.audience],
    ['scopes', api.scopes.map(({ name }) => name)],
    ['signed with', `${api.alg}, typ ${api.typ}`],
    ['lifetime', `${api.tokenLifetime} seconds`],
  ]);
}

async function runList({ json }: z.infer<typeof listOptions>): Promise<void> {
  const apis = await withInstallation(({ db }) => listApis(db));
  if (json) return printJson(apis.map(describeApi));
  printTable(
    ['NAME', 'ENVIRONMENT', 'RESOURCE', 'AUDIENCE', 'ALG', 'SCOPES'],
    apis.map((api) => [
      api.name,
      api.environment,
      api.resource,
      api.audience === api.resource ? 'same' : api.audience,
      api.alg,
      api.scopes.map(({ name }) => name).join(' '),
    ]),
    'There are no APIs yet: `gatehouse apis create --help` shows how to register one.',
  );
}

/** An API as --json shows it. */
function describeApi(api: Api) {
  const { id, name, environment, resource, audience, alg, typ, claims, scopes } = api;
  return {
    ...{ id, name, environment, resource, audience, alg, typ },
    token_lifetime: api.tokenLifetime,
    claims,
    scopes,
    client_id: api.clientId ?? null,
  };
}

function choice<T extends string>(flags: string, what: string, values: readonly [T, ...T[]]) {
  return new Option(flags, what).choices(values).default(values[0]);
}

function collectScope(text: string, previous: z.infer<typeof scopeOption>[] = []) {
  const [, name, description] = /^([^=]+)=(.+)$/s.exec(text) ?? [];
  if (name && description) return [...previous, { name, description }];
  throw new InvalidArgumentError(
    "Write its name, an equals sign and what people read, such as 'orders.read=See orders'.",
  );
}

function readSeconds(text: string): number {
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Write a whole number of seconds.');
}
