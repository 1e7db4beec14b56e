// accounts create, import, list, block, unblock; the others are in files beside.
import type { Command } from 'commander';
import { z } from 'zod';
import { blockAccount, loadAccount, unblockAccount } from '../../accounts/block-account.ts';
import { UsageError } from '../../errors.ts';
import { listAccounts } from '../../storage/accounts.ts';
import { addListOptions, listOptions } from '../list-options.ts';
import { OPERATOR, withInstallation } from '../open.ts';
import { formatTime, note, printJson, printTable } from '../print.ts';
import { addDecisionCommands } from './decision-commands.ts';
import { addDeletionCommands } from './deletion-commands.ts';
import { describeAccount } from './describe-account.ts';

const jsonOption = z.object({ json: z.boolean().default(false) });

/** Adds the commands to the program. */
export function addAccountCommands(program: Command): void {
  const accounts = program.command('accounts').description('the people who sign in');

  accounts
    .command('create')
    .description('create an account')
    .requiredOption('--email <address>', 'its e-mail address, which counts as verified')
    .option('--given-name <name>')
    .option('--family-name <name>')
    .option('--role <role...>', 'what its tokens say in `roles`, such as admin')
    .option('--password-stdin', 'read the password from standard input')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Without --password-stdin it makes a password and shows it once. There is no option that takes a
password: other programs of the machine could read it.

Examples:
  $ npx gatehouse accounts create --email noor@example.com --given-name Noor --role developer
  $ pass show gatehouse/noor | npx gatehouse accounts create --email noor@example.com --password-stdin
`,
    )
    .action(async (options: unknown) => {
      const { runCreateAccount } = await import('./create-account.ts');
      await runCreateAccount(options);
    });

  accounts
    .command('import')
    .description('create the accounts of a file, with the password hashes of another system')
    .argument('<file.jsonl>', 'one JSON object a line: docs/import.md says what is in it')
    .option('--resume', 'go on where a run stopped')
    .option(
      '--report <file>',
      'where refused lines are listed (default: <file.jsonl>.refused.jsonl)',
    )
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
An address that has an account already is left as it is, so a file can be imported again.
When lines were refused the others are imported, and the command ends with 1.

Example:
  $ npx gatehouse accounts import people.jsonl
`,
    )
    .action(async (file: string, options: unknown) => {
      const { runImportAccounts } = await import('./import-accounts.ts');
      await runImportAccounts(file, options);
    });

  addListOptions(accounts.command('list').description('list accounts, oldest first')).action(
    (options: unknown) => runList(listOptions.parse(options)),
  );

  accounts
    .command('block')
    .description('end everything that an account holds, and let it in no more')
    .argument('<id|email>', 'usr_... or the e-mail address')
    .option('--json', 'print JSON')
    .action((name: string, options: unknown) => runBlock(name, jsonOption.parse(options)));

  accounts
    .command('unblock')
    .description('let a blocked account in again')
    .argument('<id|email>', 'usr_... or the e-mail address')
    .option('--json', 'print JSON')
    .action((name: string, options: unknown) => runUnblock(name, jsonOption.parse(options)));

  addDeletionCommands(accounts);
  addDecisionCommands(accounts);
}

async function runList({ json, limit }: z.infer<typeof listOptions>): Promise<void> {
  const found = await withInstallation(({ db }) => listAccounts(db, limit + 1));
  const shown = found.slice(0, limit);
  if (found.length > limit) note(`There are more than ${limit}: --limit shows more.`);
  if (json) return printJson(shown.map(describeAccount));
  printTable(
    ['ID', 'E-MAIL', 'NAME', 'ROLES', 'STATE', 'CREATED'],
    shown.map((row) => [
      row.id,
      row.email,
      [row.given_name, row.family_name].filter(Boolean).join(' '),
      row.roles.join(', '),
      row.approval ? `${row.state} (${row.approval})` : row.state,
      formatTime(row.created_at),
    ]),
    'There are no accounts yet: `gatehouse accounts create --help` shows how to make one.',
  );
}

async function runBlock(name: string, { json }: z.infer<typeof jsonOption>): Promise<void> {
  const { id, email } = await withInstallation(async ({ db }) => {
    const account = await loadAccount(db, name);
    await blockAccount(db, account.id, OPERATOR);
    return account;
  });
  if (json) return printJson({ id, email, state: 'blocked' });
  process.stdout.write(
    `${email} (${id}) is blocked: its sessions and refresh tokens are gone, and it cannot sign in.\nAccess tokens that an API verifies by itself live until they expire.\n`,
  );
}

async function runUnblock(name: string, { json }: z.infer<typeof jsonOption>): Promise<void> {
  const { id, email, state } = await withInstallation(async ({ db }) => {
    const account = await loadAccount(db, name);
    if (account.state !== 'blocked')
      throw new UsageError(
        `${account.email} (${account.id}) is not blocked: it is ${account.state}.`,
      );
    await unblockAccount(db, account, OPERATOR);
    return loadAccount(db, account.id);
  });
  if (json) return printJson({ id, email, state });
  process.stdout.write(`${email} (${id}) is ${state} again, and has to sign in anew.\n`);
}
