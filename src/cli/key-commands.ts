// keys list, keys rotate.
import { type Command, Option } from 'commander';
import { z } from 'zod';
import { SIGNING_ALGS } from '../catalog/register-api.ts';
import {
  KEEP_AFTER_USE_SECONDS,
  PUBLISH_BEFORE_USE_SECONDS,
  rotateSigningKey,
} from '../oidc/signing-keys.ts';
import { listSigningKeys, type SigningKeyRow } from '../storage/signing-keys.ts';
import { withInstallation } from './open.ts';
import { formatTime, printJson, printTable } from './print.ts';

const listOptions = z.object({ json: z.boolean().default(false) });
const rotateOptions = z.object({
  alg: z.enum(SIGNING_ALGS),
  emergency: z.boolean().default(false),
  json: z.boolean().default(false),
});

/** Adds the commands to the program. */
export function addKeyCommands(program: Command): void {
  const keys = program.command('keys').description('the keys that sign tokens');

  keys
    .command('list')
    .description('list the published keys')
    .option('--json', 'print JSON')
    .action((options: unknown) => runList(listOptions.parse(options)));

  keys
    .command('rotate')
    .description('sign with the next key, and publish a new next one')
    .addOption(
      new Option('--alg <alg>', 'the algorithm of the key')
        .choices(SIGNING_ALGS)
        .default(SIGNING_ALGS[0]),
    )
    .option('--emergency', 'do not wait until the next key was published for a day')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Running servers take the next key up by themselves. The old key stays published until the last token
that it signed has expired, so no token becomes invalid. With --emergency, a backend that keeps the
key set in a cache may refuse new tokens until it reads the set again.

Example:
  $ npx gatehouse keys rotate --alg RS256
`,
    )
    .action((options: unknown) => runRotate(rotateOptions.parse(options)));
}

async function runList({ json }: z.infer<typeof listOptions>): Promise<void> {
  const rows = await withInstallation(({ db }) => listSigningKeys(db));
  if (json) return printJson(rows.map(describeKey));
  printTable(
    ['KEY ID', 'ALG', 'STATE', 'CREATED', 'WHAT NEXT'],
    rows.map((row) => [row.kid, row.alg, row.state, formatTime(row.created_at), outlook(row)]),
    'There are no keys yet: the server makes them at its first start.',
  );
}

async function runRotate(options: z.infer<typeof rotateOptions>): Promise<void> {
  const { alg, emergency, json } = options;
  const rows = await withInstallation(async ({ db, secrets }) => {
    const { encryptionKeys } = await secrets();
    const { current, next } = await rotateSigningKey({ db, encryptionKeys }, alg, { emergency });
    const all = (await listSigningKeys(db)).filter((row) => row.alg === alg);
    // Of the retired ones, the one that signed until now: it was retired last.
    const retired = all
      .filter(({ state }) => state === 'retired')
      .toSorted((a, b) => Number(b.retired_at) - Number(a.retired_at))[0];
    return { current, next: all.find(({ kid }) => kid === next), retired };
  });
  const { current, next, retired } = rows;
  if (json) {
    return printJson({
      alg,
      current,
      next: next && describeKey(next),
      retired: retired && describeKey(retired),
    });
  }
  const lines = [
    `${alg}: ${current} signs from now on.`,
    retired && `${retired.kid} is retired: ${outlook(retired)}.`,
    next && `${next.kid} is next: published now, ${outlook(next)}.`,
    emergency &&
      'Backends that keep the key set in a cache may refuse new tokens until they read it again, for up to a day. Tokens of the retired key stay valid until they expire.',
  ];
  process.stdout.write(`${lines.filter(Boolean).join('\n')}\n`);
}

function outlook(row: SigningKeyRow): string {
  const { may_sign_from, published_until } = describeKey(row);
  if (may_sign_from) return `may sign from ${formatTime(may_sign_from)}`;
  return published_until ? `published until ${formatTime(published_until)}` : 'signs';
}

/** A key as --json shows it. */
function describeKey(row: SigningKeyRow) {
  const { kid, alg, state, created_at, activated_at, retired_at } = row;
  return {
    ...{ kid, alg, state, created_at, activated_at, retired_at },
    may_sign_from: state === 'next' ? after(created_at, PUBLISH_BEFORE_USE_SECONDS) : null,
    published_until: retired_at ? after(retired_at, KEEP_AFTER_USE_SECONDS) : null,
  };
}

function after(time: Date, seconds: number): Date {
  return new Date(time.getTime() + seconds * 1000);
}
