// refusals show.
import type { Command } from 'commander';
import { z } from 'zod';
import { AppError } from '../errors.ts';
import { findRefusal } from '../storage/refusals.ts';
import { withInstallation } from './open.ts';
import { formatTime, printFields, printJson } from './print.ts';

const jsonOption = z.object({ json: z.boolean().default(false) });

/** Adds the command to the program. */
export function addRefusalCommands(program: Command): void {
  program
    .command('refusals')
    .description('why requests of applications were refused')
    .command('show')
    .description('show one, whoever owns the application; they are kept for 30 days')
    .argument('<id>', 'the correlation_id of the error answer, or X-Correlation-Id')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExample:\n  $ npx gatehouse refusals show 0f8fad5b-d9cb-469f-a165-70867728950e\n',
    )
    .action((id: string, options: unknown) => runShow(id, jsonOption.parse(options)));
}

async function runShow(id: string, { json }: z.infer<typeof jsonOption>): Promise<void> {
  const found = await withInstallation(({ db }) => findRefusal(db, id));
  if (!found)
    throw new AppError(
      404,
      'not_found',
      'There is no refusal of an application under this id. The audit trail and the log may know it.',
    );
  if (json) return printJson(found);
  const { refusedAt, applicationId, clientId, endpoint, rule, error, description } = found;
  printFields([
    ['id', found.correlationId],
    ['when', formatTime(refusedAt)],
    ['application', applicationId],
    ['client', clientId],
    ['endpoint', endpoint],
    ['rule', rule],
    ['answer', `${error}: ${description}`],
    ...Object.entries(found.detail).map(([name, value]): [string, string] => [name, String(value)]),
  ]);
}
