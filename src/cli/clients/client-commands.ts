// clients create, list, show, disable.
import { type Command, Option } from 'commander';
import { z } from 'zod';
import { UsageError } from '../../errors.ts';
import { type Api, listApis } from '../../storage/apis.ts';
import { insertAuditEvents } from '../../storage/audit-events.ts';
import { type Client, disableClient, findClient, listClients } from '../../storage/clients.ts';
import { addListOptions, listOptions } from '../list-options.ts';
import { OPERATOR, withInstallation } from '../open.ts';
import { formatTime, note, printFields, printJson, printTable } from '../print.ts';
import { addClientSignIn } from './client-sign-in.ts';
import { CLIENT_KINDS } from './create-options.ts';

const jsonOption = z.object({ json: z.boolean().default(false) });

/** Adds the commands to the program. */
export function addClientCommands(program: Command): void {
  const clients = program.command('clients').description('the OAuth clients');

  clients
    .command('create')
    .description('register a client and show its id and secret')
    .addOption(
      new Option('--kind <kind>', 'what it is').choices(CLIENT_KINDS).makeOptionMandatory(),
    )
    .requiredOption('--name <name>', 'what people read when they are asked for consent')
    .option('--redirect-uri <uri...>', 'where people come back to after signing in')
    .option('--spa-redirect-uri <uri...>', 'the same for code in the browser (kind mixed)')
    .option('--post-logout-redirect-uri <uri...>', 'where people come back to after signing out')
    .option('--origin <origin...>', 'where code in the browser may call us from (CORS)')
    .option('--api <resource...>', 'an API that it may ask for; the first is its default')
    .option('--scope <scope...>', 'only these scopes of those APIs (default: all)')
    .option('--first-party', 'it belongs to you: nobody is asked for consent')
    .option('--no-pkce', 'accept sign-in without PKCE (kinds web and mixed)')
    .option('--rotate-refresh-tokens', 'replace the refresh token at each use (kind web)')
    .option('--jwks <file>', 'its public keys: it authenticates by private_key_jwt, without secret')
    .option('--introspects <resource...>', 'its own API (kind resource-server)')
    .option('--json', 'print JSON')
    .addHelpText('after', CREATE_HELP)
    .action(async (options: unknown, command: Command) => {
      // Loaded only here: the schema for clients is the protocol engine's own.
      const { runCreateClient } = await import('./create-client.ts');
      await runCreateClient(options, command);
    });

  addClientSignIn(clients);

  addListOptions(clients.command('list').description('list clients, oldest first')).action(
    (options: unknown) => runList(listOptions.parse(options)),
  );

  clients
    .command('show')
    .description('show a client, without its secrets')
    .argument('<client_id>')
    .option('--json', 'print JSON')
    .action((id: string, options: unknown) => runShow(id, jsonOption.parse(options)));

  clients
    .command('disable')
    .description('refuse a client from now on, with every token that it holds')
    .argument('<client_id>')
    .option('--json', 'print JSON')
    .action((id: string, options: unknown) => runDisable(id, jsonOption.parse(options)));
}

const CREATE_HELP = `
Kinds:
  web              has a server that keeps a secret, and signs people in
  spa              runs in the browser: no secret, PKCE, add its --origin
  native           runs on a device: no secret, PKCE, loopback or private-use redirect URIs
  machine          acts for itself by client credentials
  mixed            one client id for a portal's test console, with a server side (--redirect-uri)
                   and a browser side (--spa-redirect-uri), as Azure API Management has it
  resource-server  an API that asks whether a token is valid (introspection)

Examples:
  $ npx gatehouse clients create --kind web --name "Developer portal" --first-party \\
      --redirect-uri https://portal.example.com/callback --api https://api.example.com/orders
  $ npx gatehouse clients create --kind machine --name "Nightly sync" \\
      --api https://api.example.com/orders --scope orders.read
`;

async function runList({ json, limit }: z.infer<typeof listOptions>): Promise<void> {
  const { found, apis } = await withInstallation(async ({ db }) => ({
    found: await listClients(db, limit + 1),
    apis: await listApis(db),
  }));
  const shown = found.slice(0, limit);
  if (found.length > limit) note(`There are more than ${limit}: --limit shows more.`);
  if (json) return printJson(shown.map((client) => describeClient(client, apis)));
  printTable(
    ['CLIENT ID', 'KIND', 'NAME', 'STATE', 'CREATED'],
    shown.map((client) => [
      client.id,
      client.kind,
      client.name,
      client.disabledAt ? 'disabled' : 'active',
      formatTime(client.createdAt),
    ]),
    'There are no clients yet: `gatehouse clients create --help` shows how to register one.',
  );
}

async function runShow(id: string, { json }: z.infer<typeof jsonOption>): Promise<void> {
  const described = await withInstallation(async ({ db }) => {
    const client = await findClient(db, id);
    if (!client) throw unknownClient(id);
    return describeClient(client, await listApis(db));
  });
  if (json) return printJson(described);
  const lines = Object.entries(described).map(([name, value]): [string, string | string[]] => [
    name,
    Array.isArray(value) ? value.map(asText) : asText(value),
  ]);
  printFields(lines);
}

async function runDisable(id: string, { json }: z.infer<typeof jsonOption>): Promise<void> {
  await withInstallation(async ({ db }) => {
    if (!(await disableClient(db, id))) throw unknownClient(id);
    const event = { type: 'client.disabled', clientId: id, detail: { by: OPERATOR } };
    await insertAuditEvents(db, [event]);
  });
  if (json) return printJson({ client_id: id, disabled: true });
  process.stdout.write(
    `${id} is disabled: it gets no more tokens, and its refresh tokens are refused.\nAccess tokens that an API verifies by itself live until they expire.\n`,
  );
}

/** A client as --json shows it: all but its secrets. */
function describeClient(client: Client, apis: Api[]) {
  return {
    client_id: client.id,
    kind: client.kind,
    name: client.name,
    first_party: client.firstParty,
    token_endpoint_auth_method: client.authMethod,
    grant_types: client.grantTypes,
    redirect_uris: client.redirectUris,
    post_logout_redirect_uris: client.postLogoutRedirectUris,
    allowed_cors_origins: client.allowedCorsOrigins,
    require_pkce: client.requirePkce,
    rotate_refresh_tokens: client.rotateRefreshTokens,
    default_api: apis.find(({ id }) => id === client.defaultApiId)?.resource ?? null,
    apis: apis
      .filter(({ id }) => client.entitlements.has(id))
      .map(({ id, resource }) => ({
        resource,
        scopes: [...(client.entitlements.get(id) ?? [])].toSorted(),
      })),
    introspects: apis.filter(({ clientId }) => clientId === client.id).map((api) => api.resource),
    key_ids: client.keys.map(({ jwk }) => jwk['kid'] ?? null),
    jwks_uri: client.jwksUri ?? null,
    valid_secrets: client.secretHashes.length,
    created_at: client.createdAt,
    disabled_at: client.disabledAt ?? null,
  };
}

function asText(value: unknown): string {
  if (value instanceof Date) return formatTime(value);
  if (typeof value !== 'object' || value === null) return value === null ? '-' : String(value);
  return Object.values(value).flat().join('  ');
}

function unknownClient(id: string): UsageError {
  return new UsageError(`There is no client ${id}: \`gatehouse clients list\` shows them all.`);
}
