// credentials list, add, retire, restore, suspend, resume: the secrets and keys of one client.
import { type Command, InvalidArgumentError } from 'commander';
import { z } from 'zod';
import { addPublicKeys, addSecret } from '../../applications/credentials/add-credential.ts';
import {
  MAX_OVERLAP_SECONDS,
  restoreCredential,
  resumeCredential,
  retireCredential,
  suspendCredential,
} from '../../applications/credentials/change-credential.ts';
import { UsageError } from '../../errors.ts';
import { findClient } from '../../storage/clients.ts';
import { type Credential, listCredentials } from '../../storage/credentials.ts';
import { type Installation, withInstallation } from '../open.ts';
import { formatTime, note, printFields, printJson, printTable } from '../print.ts';
import { readPublicKeys } from './public-keys.ts';

const ACTOR = { kind: 'operator' } as const;

const common = z.object({ client: z.string(), json: z.boolean().default(false) });
const addOptions = common.extend({
  name: z.string(),
  expiresInDays: z.number().optional(),
  jwks: z.string().optional(),
});
const retireOptions = common.extend({ overlap: z.number(), yes: z.boolean().default(false) });

/** Adds the commands to the program. */
export function addCredentialCommands(program: Command): void {
  const credentials = program
    .command('credentials')
    .description('the secrets and public keys of the clients');
  addList(credentials);
  addAdd(credentials);
  addRetire(credentials);
  addChange(credentials, 'restore', 'stop the countdown of a retired one', restoreCredential);
  addChange(
    credentials,
    'suspend',
    'refuse one from now on, until it is resumed',
    suspendCredential,
  );
  addChange(credentials, 'resume', 'let a suspended one go on', resumeCredential);
}

function ofClient(command: Command): Command {
  return command
    .requiredOption('--client <client_id>', 'the client that they belong to')
    .option('--json', 'print JSON');
}

function addList(credentials: Command): void {
  ofClient(credentials.command('list').description('list them, the newest first')).action(
    async (raw: unknown) => {
      const { client, json } = common.parse(raw);
      const found = await withInstallation(async ({ db }) => {
        if (!(await findClient(db, client))) throw unknownClient(client);
        return listCredentials(db, client);
      });
      if (json) return printJson(found.map(describe));
      printTable(
        ['CREDENTIAL', 'KIND', 'NAME', 'HINT', 'STATE', 'EXPIRES', 'LAST USED'],
        found.map((one) => [
          ...[one.id, one.kind, one.name, one.hint, one.state],
          one.expiresAt ? formatTime(one.expiresAt) : 'never',
          one.lastUsedAt ? formatTime(one.lastUsedAt) : 'never',
        ]),
        'This client has no credentials.',
      );
    },
  );
}

function addAdd(credentials: Command): void {
  ofClient(
    credentials.command('add').description('add a secret, which is shown once, or public keys'),
  )
    .requiredOption('--name <name>', 'what its owners call it')
    .option('--expires-in-days <days>', 'when it expires (default: never)', readNumber)
    .option('--jwks <file>', 'public keys instead of a secret')
    .addHelpText(
      'after',
      '\nExample:\n  $ npx gatehouse credentials add --client c_0123 --name "spring 2027" --expires-in-days 180\n',
    )
    .action(async (raw: unknown) => {
      const { client, json, jwks, ...options } = addOptions.parse(raw);
      const request = { ...options, clientId: client };
      if (jwks !== undefined) {
        const keys = readPublicKeys(jwks);
        const added = await withInstallation((installation) =>
          addPublicKeys(installation, ACTOR, { ...request, jwks: keys }),
        );
        if (json) return printJson(added.map(describe));
        return added.forEach(print);
      }
      const { credential, secret } = await withInstallation(async (installation) => {
        const { hashKeys } = await installation.secrets();
        return addSecret({ db: installation.db, hashKeys }, ACTOR, request);
      });
      if (json) return printJson({ ...describe(credential), client_secret: secret });
      print(credential);
      printFields([['client_secret', secret]]);
      note('The secret is shown this once: it is stored as a hash only.');
    });
}

function addRetire(credentials: Command): void {
  ofClient(credentials.command('retire').description('let one end after an overlap'))
    .argument('<credential_id>')
    .option(
      '--overlap <seconds>',
      `how long it goes on, 0 to ${MAX_OVERLAP_SECONDS}`,
      readNumber,
      86_400,
    )
    .option('--yes', 'also when it is the last one that works')
    .action(async (id: string, raw: unknown) => {
      const { client, json, overlap, yes } = retireOptions.parse(raw);
      const which = { clientId: client, credentialId: id };
      const changed = await withInstallation((installation) =>
        retireCredential(installation, ACTOR, {
          ...{ ...which, overlapSeconds: overlap, confirmed: yes },
        }),
      );
      if (json) return printJson(describe(changed));
      print(changed);
    });
}

function addChange(
  credentials: Command,
  name: string,
  description: string,
  change: (
    installation: Pick<Installation, 'db'>,
    actor: typeof ACTOR,
    which: { clientId: string; credentialId: string },
  ) => Promise<Credential>,
): void {
  ofClient(credentials.command(name).description(description))
    .argument('<credential_id>')
    .action(async (id: string, raw: unknown) => {
      const { client, json } = common.parse(raw);
      const changed = await withInstallation((installation) =>
        change(installation, ACTOR, { clientId: client, credentialId: id }),
      );
      if (json) return printJson(describe(changed));
      print(changed);
    });
}

/** A credential as --json shows it. */
function describe(credential: Credential) {
  return {
    credential_id: credential.id,
    client_id: credential.clientId,
    kind: credential.kind,
    name: credential.name,
    hint: credential.hint,
    state: credential.state,
    created_at: credential.createdAt,
    expires_at: credential.expiresAt ?? null,
    retired_at: credential.retiredAt ?? null,
    suspended_at: credential.suspendedAt ?? null,
    last_used_at: credential.lastUsedAt ?? null,
    last_used_network: credential.lastUsedNetwork ?? null,
  };
}

function print(credential: Credential): void {
  const { id, kind, name, hint, state, expiresAt } = credential;
  printFields([
    ['credential_id', id],
    ...Object.entries({ kind, name, hint, state }),
    ['expires_at', expiresAt ? formatTime(expiresAt) : 'never'],
  ]);
}

function readNumber(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Write a whole number.');
}

function unknownClient(id: string): UsageError {
  return new UsageError(`There is no client ${id}: \`gatehouse clients list\` shows them all.`);
}
