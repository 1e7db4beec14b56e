// serve, migrate, migration new, secrets: what an operator needs before there is anything to manage.
import { type Command, InvalidArgumentError } from 'commander';
import { z } from 'zod';
import { readConfig } from '../config.ts';
import { migrate } from '../storage/migrate.ts';
import { createSecrets, writeSecretFiles } from './create-secrets.ts';
import { isMigrationName, MIGRATIONS, writeMigration } from './new-migration.ts';
import { withDatabase } from './open.ts';
import { printJson } from './print.ts';

/** Adds the commands to the program. */
export function addServerCommands(program: Command): void {
  program
    .command('serve')
    .description('run the server until SIGTERM or Ctrl-C, as `npm start` does')
    .action(async () => {
      const { runServe } = await import('./run-serve.ts');
      await runServe();
    });

  program
    .command('secrets')
    .description('make the random secrets of a new production server')
    .option('--dir <directory>', 'write one file each (mode 0600) instead of printing them')
    .addHelpText(
      'after',
      `
Without --dir it prints four lines for a .env file. With --dir it also makes database_password, and
never overwrites a file. Keep a copy: what was encrypted under lost secrets is lost.

Example:
  $ npx gatehouse secrets --dir ./secrets
`,
    )
    .action((options: unknown) => runSecrets(secretsOptions.parse(options)));

  program
    .command('migrate')
    .description('bring the database to the schema of this release')
    .option('--json', 'print JSON')
    .action((options: unknown) => runMigrate(migrateOptions.parse(options)));

  program
    .command('migration')
    .description('work on the schema')
    .command('new')
    .description('create the file of a new migration')
    .argument('<verb_noun>', 'what it does, such as add_client_owner', readMigrationName)
    .option('--dir <directory>', 'where migrations lie', MIGRATIONS)
    .addHelpText('after', '\nExample:\n  $ npx gatehouse migration new add_client_owner\n')
    .action((name: string, options: unknown) => {
      const { dir } = migrationOptions.parse(options);
      process.stdout.write(`${writeMigration({ name, directory: dir, now: new Date() })}\n`);
    });
}

const secretsOptions = z.object({ dir: z.string().optional() });
const migrateOptions = z.object({ json: z.boolean().default(false) });
const migrationOptions = z.object({ dir: z.string() });

function runSecrets({ dir }: z.infer<typeof secretsOptions>): void {
  if (dir === undefined) {
    for (const [name, value] of createSecrets()) process.stdout.write(`${name}=${value}\n`);
    return;
  }
  for (const path of writeSecretFiles(dir)) process.stdout.write(`${path}\n`);
}

async function runMigrate({ json }: z.infer<typeof migrateOptions>): Promise<void> {
  const applied = await withDatabase(readConfig(), (db, url) => migrate({ url, name: db.name }));
  if (json) printJson({ applied });
  else process.stdout.write(applied.length > 0 ? `${applied.join('\n')}\n` : 'Nothing to do.\n');
}

function readMigrationName(name: string): string {
  if (isMigrationName(name)) return name;
  throw new InvalidArgumentError(
    'Write a verb and a noun in lower case, joined by underscores, such as add_client_owner.',
  );
}
