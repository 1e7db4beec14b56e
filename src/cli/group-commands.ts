// groups create, list, add, remove, delete.
import type { Command } from 'commander';
import { z } from 'zod';
import { loadAccount } from '../accounts/block-account.ts';
import {
  addAccountToGroup,
  createGroup,
  dropGroup,
  loadGroups,
  removeAccountFromGroup,
} from '../accounts/groups.ts';
import { type GroupRow, listGroups } from '../storage/groups.ts';
import { addListOptions, listOptions } from './list-options.ts';
import { type Installation, OPERATOR, withInstallation } from './open.ts';
import { formatTime, note, printFields, printJson, printTable } from './print.ts';

const createOptions = z.object({
  name: z.string(),
  description: z.string().optional(),
  json: z.boolean().default(false),
});
const jsonOption = z.object({ json: z.boolean().default(false) });

/** Adds the commands to the program. */
export function addGroupCommands(program: Command): void {
  const groups = program.command('groups').description('named sets of accounts');

  groups
    .command('create')
    .description('create a group')
    .requiredOption('--name <name>', 'what tokens say in `groups`, such as beta-testers')
    .option('--description <text>', 'what it is for')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExample:\n  $ npx gatehouse groups create --name beta-testers --description "See new APIs first"\n',
    )
    .action((options: unknown) => runCreate(createOptions.parse(options)));

  addListOptions(groups.command('list').description('list groups by name')).action(
    (options: unknown) => runList(listOptions.parse(options)),
  );

  for (const verb of ['add', 'remove'] as const) {
    groups
      .command(verb)
      .description(verb === 'add' ? 'add an account to a group' : 'remove an account from a group')
      .argument('<name>', 'the group')
      .argument('<id|email>', 'usr_... or the e-mail address')
      .option('--json', 'print JSON')
      .action((name: string, account: string, options: unknown) =>
        runChange(verb, name, account, jsonOption.parse(options)),
      );
  }

  groups
    .command('delete')
    .description('delete a group; its accounts stay')
    .argument('<name>', 'the group')
    .option('--json', 'print JSON')
    .action((name: string, options: unknown) => runDelete(name, jsonOption.parse(options)));
}

async function runCreate({ json, ...request }: z.infer<typeof createOptions>): Promise<void> {
  const group = await withInstallation(({ db }) => createGroup(db, request, OPERATOR));
  if (json) return printJson(group);
  printFields([
    ['id', group.id],
    ['name', group.name],
  ]);
}

async function runList({ json, limit }: z.infer<typeof listOptions>): Promise<void> {
  const found = await withInstallation(({ db }) => listGroups(db, limit + 1));
  const shown = found.slice(0, limit);
  if (found.length > limit) note(`There are more than ${limit}: --limit shows more.`);
  if (json) return printJson(shown);
  printTable(
    ['NAME', 'ACCOUNTS', 'DESCRIPTION', 'CREATED'],
    shown.map((row) => [
      row.name,
      String(row.members),
      row.description ?? '',
      formatTime(row.created_at),
    ]),
    'There are no groups yet: `gatehouse groups create --help` shows how to make one.',
  );
}

async function runChange(
  verb: 'add' | 'remove',
  name: string,
  account: string,
  { json }: z.infer<typeof jsonOption>,
): Promise<void> {
  const { group, email, changed } = await withInstallation(async ({ db }) => {
    const found = await loadGroup(db, name);
    const person = await loadAccount(db, account);
    const change = verb === 'add' ? addAccountToGroup : removeAccountFromGroup;
    return {
      group: found,
      email: person.email,
      changed: await change(db, person, found, OPERATOR),
    };
  });
  if (json) return printJson({ group: group.name, email, changed });
  const state = verb === 'add' ? 'in' : 'not in';
  process.stdout.write(`${email} is ${changed ? 'now' : 'already'} ${state} ${group.name}.\n`);
}

async function runDelete(name: string, { json }: z.infer<typeof jsonOption>): Promise<void> {
  const group = await withInstallation(async ({ db }) => {
    const found = await loadGroup(db, name);
    await dropGroup(db, found, OPERATOR);
    return found;
  });
  if (json) return printJson({ id: group.id, name: group.name });
  process.stdout.write(`The group ${group.name} is deleted. Its accounts stay.\n`);
}

async function loadGroup(db: Installation['db'], name: string): Promise<GroupRow> {
  const [group] = await loadGroups(db, [name]);
  if (!group) throw new Error('loadGroups returned none');
  return group;
}
