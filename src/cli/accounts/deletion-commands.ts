// accounts delete, restore.
import type { Command } from 'commander';
import { z } from 'zod';
import { loadAccount } from '../../accounts/block-account.ts';
import { deleteAccount, restoreAccount } from '../../accounts/delete-account.ts';
import { OPERATOR, withInstallation } from '../open.ts';
import { printJson } from '../print.ts';

const jsonOption = z.object({ json: z.boolean().default(false) });

/** Adds the commands to `accounts`. */
export function addDeletionCommands(accounts: Command): void {
  accounts
    .command('delete')
    .description('delete an account; its data is erased when the days of grace are over')
    .argument('<id|email>', 'usr_... or the e-mail address')
    .option('--json', 'print JSON')
    .action((name: string, options: unknown) => runDelete(name, jsonOption.parse(options)));

  accounts
    .command('restore')
    .description('bring a deleted account back, as long as it is not erased')
    .argument('<id|email>', 'usr_... or the e-mail address')
    .option('--json', 'print JSON')
    .action((name: string, options: unknown) => runRestore(name, jsonOption.parse(options)));
}

async function runDelete(name: string, { json }: z.infer<typeof jsonOption>): Promise<void> {
  const { id, email, days } = await withInstallation(async ({ db, erasureDays }) => {
    const account = await loadAccount(db, name);
    await deleteAccount(db, account.id, OPERATOR);
    return { ...account, days: erasureDays };
  });
  if (json) return printJson({ id, email, state: 'deleted', erased_in_days: days });
  process.stdout.write(
    `${email} (${id}) is deleted and cannot sign in. Its data is erased in ${days} days; until then \`accounts restore ${id}\` brings it back.\n`,
  );
}

async function runRestore(name: string, { json }: z.infer<typeof jsonOption>): Promise<void> {
  const { id, email, state } = await withInstallation(({ db }) =>
    restoreAccount(db, name, OPERATOR),
  );
  if (json) return printJson({ id, email, state });
  process.stdout.write(`${email} (${id}) is ${state} again, and has to sign in anew.\n`);
}
