// quota-classes set, list, remove.
import { type Command, InvalidArgumentError } from 'commander';
import { z } from 'zod';
import { removeQuotaClass, setQuotaClass } from '../../catalog/quota-classes.ts';
import { listQuotaClasses, type QuotaClass } from '../../storage/quota-classes.ts';
import { jsonOption } from '../list-options.ts';
import { OPERATOR, withInstallation } from '../open.ts';
import { printFields, printJson, printTable } from '../print.ts';

const setOptions = z.object({
  perMinute: z.number().optional(),
  perDay: z.number().optional(),
  json: z.boolean().default(false),
});

/** Adds the commands to the program. */
export function addQuotaClassCommands(program: Command): void {
  const classes = program
    .command('quota-classes')
    .description('how many tokens applications may fetch under a product');

  classes
    .command('set')
    .description('create a quota class, or give it new limits; what is not named is unlimited')
    .argument('<name>', 'what products call it, such as gold; tokens say it as `plan`')
    .option('--per-minute <tokens>', 'how many tokens in a minute', readTokens)
    .option('--per-day <tokens>', 'how many tokens in a day', readTokens)
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExample:\n  $ npx gatehouse quota-classes set gold --per-minute 60 --per-day 5000\n',
    )
    .action((name: string, options: unknown) => runSet(name, setOptions.parse(options)));

  classes
    .command('list')
    .description('list the quota classes by name')
    .option('--json', 'print JSON')
    .action((options: unknown) => runList(jsonOption.parse(options)));

  classes
    .command('remove')
    .description('remove a quota class that no product has')
    .argument('<name>', 'its name')
    .option('--json', 'print JSON')
    .action((name: string, options: unknown) => runRemove(name, jsonOption.parse(options)));
}

async function runSet(
  name: string,
  { perMinute, perDay, json }: z.infer<typeof setOptions>,
): Promise<void> {
  const quotaClass = { name, tokensPerMinute: perMinute, tokensPerDay: perDay };
  await withInstallation(({ db }) => setQuotaClass(db, quotaClass, OPERATOR));
  if (json) return printJson(describe(quotaClass));
  printFields([
    ['name', name],
    ['per minute', limitOf(perMinute)],
    ['per day', limitOf(perDay)],
  ]);
}

async function runList({ json }: z.infer<typeof jsonOption>): Promise<void> {
  const classes = await withInstallation(({ db }) => listQuotaClasses(db));
  if (json) return printJson(classes.map(describe));
  printTable(
    ['NAME', 'PER MINUTE', 'PER DAY'],
    classes.map((one) => [one.name, limitOf(one.tokensPerMinute), limitOf(one.tokensPerDay)]),
    'There are no quota classes yet: `gatehouse quota-classes set --help` shows how to make one.',
  );
}

async function runRemove(name: string, { json }: z.infer<typeof jsonOption>): Promise<void> {
  await withInstallation(({ db }) => removeQuotaClass(db, name, OPERATOR));
  if (json) return printJson({ name, removed: true });
  process.stdout.write(`The quota class ${name} is removed.\n`);
}

function describe({ name, tokensPerMinute, tokensPerDay }: QuotaClass) {
  return {
    name,
    tokens_per_minute: tokensPerMinute ?? null,
    tokens_per_day: tokensPerDay ?? null,
  };
}

function limitOf(tokens: number | undefined): string {
  return tokens === undefined ? 'unlimited' : String(tokens);
}

function readTokens(text: string): number {
  if (/^[1-9]\d{0,9}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Write a whole number of tokens, at least 1.');
}
