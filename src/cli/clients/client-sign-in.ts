// clients sign-in: which ways to sign in the people of one client are offered.
import type { Command } from 'commander';
import { z } from 'zod';
import { UsageError } from '../../errors.ts';
import { insertAuditEvents } from '../../storage/audit-events.ts';
import { findClient, setClientSignIn } from '../../storage/clients.ts';
import { listConnectors } from '../../storage/connectors.ts';
import type { Database } from '../../storage/database.ts';
import { OPERATOR, withInstallation } from '../open.ts';
import { printFields } from '../print.ts';

const options = z.object({
  connector: z.array(z.string()).optional(),
  noConnectors: z.boolean().default(false),
  passwords: z.boolean(),
});

/** Adds the command to `clients`. */
export function addClientSignIn(clients: Command): void {
  clients
    .command('sign-in')
    .description('choose which ways to sign in the people of a client are offered')
    .argument('<client_id>')
    .option('--connector <id...>', 'only these connectors (default: all)')
    .option('--without-connectors', 'no connector at all')
    .option('--no-passwords', 'no password; with exactly one connector people go straight to it')
    .addHelpText(
      'after',
      '\nExample:\n  $ npx gatehouse clients sign-in c_0123 --connector contoso --no-passwords\n',
    )
    .action((id: string, given: Record<string, unknown>) =>
      run(id, options.parse({ ...given, noConnectors: given['withoutConnectors'] })),
    );
}

async function run(id: string, given: z.infer<typeof options>): Promise<void> {
  if (given.noConnectors && given.connector)
    throw new UsageError('Choose --connector or --without-connectors, not both.');
  const connectors = given.noConnectors ? [] : given.connector;
  if (connectors?.length === 0 && !given.passwords)
    throw new UsageError('Without connectors and passwords nobody could sign in.');
  await withInstallation(async ({ db }) => {
    if (!(await findClient(db, id))) throw new UsageError(`There is no client ${id}.`);
    await expectKnown(db, connectors ?? []);
    const signIn = { connectors, passwords: given.passwords };
    await setClientSignIn(db, id, signIn);
    await insertAuditEvents(db, [
      { type: 'client.sign-in-changed', clientId: id, detail: { by: OPERATOR, ...signIn } },
    ]);
  });
  printFields([
    ['client_id', id],
    ['connectors', connectors ? connectors.join(', ') || 'none' : 'all'],
    ['passwords', given.passwords ? 'yes' : 'no'],
  ]);
}

async function expectKnown(db: Database, ids: string[]): Promise<void> {
  const known = new Set((await listConnectors(db)).map(({ id }) => id));
  const unknown = ids.find((id) => !known.has(id));
  if (unknown === undefined) return;
  const list = [...known].join(', ') || 'none yet';
  throw new UsageError(`There is no connector ${unknown}. The connectors: ${list}.`);
}
