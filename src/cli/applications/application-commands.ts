// applications list, show, verify, suspend, resume, remove: what operators do about what developers made.
import type { Command } from 'commander';
import { z } from 'zod';
import { addListOptions, jsonOption, listOptions, reasonOption } from '../list-options.ts';
import { runRemove, runResume, runSuspend, runVerify } from './change-applications.ts';
import { runList, runShow } from './show-applications.ts';

const ID = '<application_id>';
const listFilter = listOptions.extend({
  owner: z.string().optional(),
  unverified: z.boolean().default(false),
});
const verifyOptions = jsonOption.extend({ name: z.string(), logo: z.string().optional() });
const removeOptions = jsonOption.extend({ name: z.string() });

/** Adds the commands to the program. */
export function addApplicationCommands(program: Command): void {
  const applications = program
    .command('applications')
    .description('what developers registered by themselves');

  addListOptions(applications.command('list').description('list applications, the newest first'))
    .option('--owner <id|email>', 'only those of this account')
    .option('--unverified', 'only those whose name and logo nobody has checked')
    .action((options: unknown) => runList(listFilter.parse(options)));

  applications
    .command('show')
    .description('show an application, its team and its clients')
    .argument(ID)
    .option('--json', 'print JSON')
    .action((id: string, options: unknown) => runShow(id, jsonOption.parse(options)));

  applications
    .command('verify')
    .description('note that name and logo are theirs: consent pages stop warning')
    .argument(ID)
    .requiredOption('--name <name>', 'the name that you checked, as `show` prints it')
    .option('--logo <digest>', 'the logo that you checked; needed when there is one')
    .option('--json', 'print JSON')
    .addHelpText('after', '\n`show` prints the whole command. A change of either takes it back.\n')
    .action((id: string, options: unknown) => runVerify(id, verifyOptions.parse(options)));

  applications
    .command('suspend')
    .description('refuse all tokens to an application from now on')
    .argument(ID)
    .requiredOption('--reason <text>', 'what its owners read')
    .option('--json', 'print JSON')
    .action((id: string, options: unknown) => runSuspend(id, reasonOption.parse(options)));

  applications
    .command('resume')
    .description('take a suspension back')
    .argument(ID)
    .option('--json', 'print JSON')
    .action((id: string, options: unknown) => runResume(id, jsonOption.parse(options)));

  applications
    .command('remove')
    .description('erase an application for good, with its clients, credentials and subscriptions')
    .argument(ID)
    .requiredOption('--name <name>', 'its name, so that it is not another one')
    .option('--json', 'print JSON')
    .action((id: string, options: unknown) => runRemove(id, removeOptions.parse(options)));
}
