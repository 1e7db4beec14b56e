// What needs no database: help, usage errors, secrets, new migrations, sentences about the environment.
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import test from 'ava';
import type { Command } from 'commander';
import { createProgram } from '../../src/cli/program.ts';
import { readConfig, SECRET_VARIABLES } from '../../src/config.ts';
import { run } from './_cli.ts';

const scratch = mkdtempSync(join(tmpdir(), 'gatehouse-cli-test-'));
test.after.always(() => rmSync(scratch, { recursive: true, force: true }));

test.serial('the help names every command and says which server is meant', async (t) => {
  const { code, stdout, stderr } = await run(['--help']);
  t.is(code, 0);
  t.is(stderr, '');
  for (const name of 'serve migrate migration secrets keys clients accounts apis'.split(' '))
    t.regex(stdout, new RegExp(`^  ${name} `, 'm'));
  t.regex(stdout, /GATEHOUSE_ISSUER, DATABASE_URL/);
});

test.serial('the help of clients create explains the kinds and shows an example', async (t) => {
  const { code, stdout } = await run(['clients', 'create', '--help']);
  t.is(code, 0);
  t.regex(stdout, /^ {2}\$ npx gatehouse clients create --kind web /m);
  t.regex(stdout, /^ {2}resource-server {2}an API that asks/m);
  t.notRegex(stdout, /\(default: \[\]\)/);
});

const mistakes: { args: string; says: RegExp }[] = [
  { args: '', says: /Usage: gatehouse/ },
  { args: 'client list', says: /unknown command 'client'\n\(Did you mean clients\?\)/ },
  { args: 'clients create --name X', says: /required option '--kind <kind>' not specified/ },
  { args: 'clients create --kind robot --name X', says: /Allowed choices are web, spa, native/ },
  { args: 'clients list --limit none', says: /whole number from 1 to 99999/ },
  { args: 'clients show', says: /missing required argument 'client_id'/ },
  {
    args: 'clients create --kind web --name X --spa-redirect-uri https://a.example/cb',
    says: /--spa-redirect-uri is for the kind mixed: a web client takes --redirect-uri/,
  },
  {
    args: 'clients create --kind spa --name X --redirect-uri https://a.example/cb --no-pkce',
    says: /--no-pkce is for the kinds web and mixed, not for spa/,
  },
  {
    args: 'clients create --kind native --name X --redirect-uri com.example.a:/cb --jwks keys.json',
    says: /a native client has no credential/,
  },
  { args: 'clients create --kind machine --name X --scope a', says: /--scope needs --api/ },
  {
    args: 'clients create --kind resource-server --name X --api https://a.example',
    says: /name its API with --introspects/,
  },
  {
    args: 'clients create --kind machine --name X --introspects https://a.example',
    says: /--introspects is for the kind resource-server/,
  },
  {
    args: 'apis create --name X --resource https://a.example --scope read',
    says: /'orders\.read=See orders'/,
  },
  {
    args: 'apis create --name X --resource https://a.example --scope a=b --claim sub',
    says: /scp/,
  },
  { args: 'keys rotate --alg HS256', says: /Allowed choices are RS256, PS256, ES256, Ed25519/ },
  { args: 'migration new AddOwner', says: /such as add_client_owner/ },
];
test.serial('a command that is called wrongly says how', async (t) => {
  for (const { args, says } of mistakes) {
    let written = '';
    const program = createProgram();
    const listen = (command: Command) => {
      command.configureOutput({ writeErr: (text) => (written += text) });
      command.commands.forEach(listen);
    };
    listen(program);
    const argv = args.split(' ').filter(Boolean);
    await t.throwsAsync(
      program.parseAsync(argv, { from: 'user' }),
      { name: 'CommanderError' },
      args,
    );
    t.regex(written, says, args);
  }
});

test.serial(
  'it then ends with 2, and prints nothing that a pipe could take for a result',
  async (t) => {
    for (const { args, says } of mistakes.slice(0, 3).concat(mistakes[6] ?? [])) {
      const { code, stdout, stderr } = await run(args.split(' ').filter(Boolean));
      t.deepEqual([code, stdout], [2, ''], args);
      t.regex(stderr, says, args);
    }
  },
);

test.serial('secrets prints four lines of a .env file that the server accepts', async (t) => {
  const { code, stdout } = await run(['secrets']);
  t.is(code, 0);
  const lines = stdout.trim().split('\n');
  const values = Object.fromEntries(lines.map((line) => line.split('=') as [string, string]));
  t.deepEqual(Object.keys(values), Object.values(SECRET_VARIABLES));
  t.is(new Set(Object.values(values)).size, 4);
  const config = readConfig({
    ...values,
    GATEHOUSE_ISSUER: 'https://auth.example.com',
    DATABASE_URL: 'postgres://db.example.com/gatehouse',
  });
  t.is(config.mode, 'production');
});

test.serial(
  'secrets --dir writes files for their owner only, and never overwrites one',
  async (t) => {
    const dir = join(scratch, 'deep', 'secrets');
    t.is((await run(['secrets', '--dir', dir])).code, 0);
    const names = ['cookie_keys', 'encryption_keys', 'password_peppers', 'hash_keys'];
    t.deepEqual(readdirSync(dir).toSorted(), [...names, 'database_password'].toSorted());
    for (const name of readdirSync(dir)) {
      t.is(statSync(join(dir, name)).mode & 0o777, 0o600, name);
      t.regex(readFileSync(join(dir, name), 'utf8'), /^[\w-]{43}$/);
    }
    const config = readConfig({
      GATEHOUSE_ISSUER: 'https://auth.example.com',
      DATABASE_URL: 'postgres://db.example.com/gatehouse',
      ...Object.fromEntries(
        names.map((name) => [`GATEHOUSE_${name.toUpperCase()}_FILE`, join(dir, name)]),
      ),
    });
    t.is(config.mode, 'production');

    const before = readFileSync(join(dir, 'hash_keys'), 'utf8');
    rmSync(join(dir, 'cookie_keys'));
    const again = await run(['secrets', '--dir', dir]);
    t.is(again.code, 1);
    t.regex(
      again.stderr,
      /^Nothing was written, for .*hash_keys.* exists: choose another directory/,
    );
    t.is(readFileSync(join(dir, 'hash_keys'), 'utf8'), before);
    t.false(readdirSync(dir).includes('cookie_keys'));
  },
);

test.serial('migration new creates a file that sorts last, whatever the clock says', async (t) => {
  const dir = mkdtempSync(join(scratch, 'migrations-'));
  const inNewMigration = (name: string) => run(['migration', 'new', name, '--dir', dir]);
  const first = await inNewMigration('create_orders');
  t.is(first.code, 0);
  t.regex(first.stdout.trim(), /\/20\d{10}_create_orders\.ts$/);
  const { up, down } = await import(pathToFileURL(first.stdout.trim()).href);
  t.deepEqual([up.name, down.name], ['up', 'down']);

  writeFileSync(join(dir, '299912312359_from_the_future.ts'), '');
  await inNewMigration('add_order_owner');
  t.is(readdirSync(dir).toSorted().at(-1), '300001010000_add_order_owner.ts');

  const taken = await inNewMigration('create_orders');
  t.is(taken.code, 1);
  t.regex(taken.stderr, /^\d{12}_create_orders\.ts has that name: choose one/);
  t.is(readdirSync(dir).length, 3);

  const nowhere = await run(['migration', 'new', 'add_x', '--dir', join(scratch, 'absent')]);
  t.is(nowhere.code, 1);
  t.regex(nowhere.stderr, /^The migration cannot be written to .*absent/);
});

test.serial('an incomplete configuration is explained, all of it at once', async (t) => {
  const { code, stderr } = await run(['clients', 'list'], {
    GATEHOUSE_ISSUER: 'https://auth.example.com/',
  });
  t.is(code, 1);
  t.regex(stderr, /GATEHOUSE_ISSUER must be an origin/);
  t.regex(stderr, /Set DATABASE_URL/);
  t.regex(stderr, /Set GATEHOUSE_HASH_KEYS .*`gatehouse secrets` makes one/);
  t.notRegex(stderr, /\n +at /);
});

test.serial('without a demo, a command says to run npm start, and sets nothing up', async (t) => {
  const dataDir = join(scratch, 'no-demo');
  const { code, stdout, stderr } = await run(['clients', 'list'], { GATEHOUSE_DATA_DIR: dataDir });
  t.is(code, 1);
  t.is(stdout, '');
  t.regex(stderr, /^There is no demo in .*no-demo yet: run `npm start` once\./);
  t.throws(() => statSync(dataDir), { code: 'ENOENT' });
});
