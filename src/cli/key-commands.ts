// keys list, keys rotate, keys reencrypt.
import { type Command, Option } from 'commander';
import { z } from 'zod';
import { SIGNING_ALGS } from '../catalog/api-request.ts';
import { NEWS_SECONDS } from '../oidc/keys/key-times.ts';
import { reencryptSigningKeys } from '../oidc/keys/reencrypt-keys.ts';
import { rotateSigningKey } from '../oidc/keys/rotate-keys.ts';
import { listSigningKeys, type SigningKeyRow } from '../storage/signing-keys.ts';
import { withInstallation } from './open.ts';
import { formatTime, printJson, printTable } from './print.ts';

const jsonOption = z.object({ json: z.boolean().default(false) });
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
    .action((options: unknown) => runList(jsonOption.parse(options)));

  keys
    .command('rotate')
    .description('sign with the next key, and publish a new next one')
    .addOption(
      new Option('--alg <alg>', 'the algorithm of the key')
        .choices(SIGNING_ALGS)
        .default(SIGNING_ALGS[0]),
    )
    .option('--emergency', 'the current key was stolen: withdraw it')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Running servers rotate by themselves. The old key stays published until the last token that it signed
has expired, so no token becomes invalid. With --emergency it vanishes from every JWKS within seconds:
what it signed becomes invalid, and backends that cached the JWKS before the next key was in it refuse
new tokens until they read it again.

Example:
  $ npx gatehouse keys rotate --alg RS256
`,
    )
    .action((options: unknown) => runRotate(rotateOptions.parse(options)));

  keys
    .command('reencrypt')
    .description('encrypt the private keys with the first of GATEHOUSE_ENCRYPTION_KEYS')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Put the new value first and the old one after it, on every node, and restart them one by one. Then run
this, remove the old value and restart again. It may be repeated, and servers may run meanwhile.
`,
    )
    .action((options: unknown) => runReencrypt(jsonOption.parse(options)));
}

async function runList({ json }: z.infer<typeof jsonOption>): Promise<void> {
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
  const { current, next, retired } = await withInstallation(async (installation) => {
    const { db, secrets, keyTimes } = installation;
    const { encryptionKeys } = await secrets();
    const deps = { db, encryptionKeys, keyTimes };
    const rotation = await rotateSigningKey(deps, alg, { emergency });
    const rows = await listSigningKeys(db);
    const find = (kid: string) => rows.find((row) => row.kid === kid);
    return { current: rotation.to, next: find(rotation.next), retired: find(rotation.from) };
  });
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
    retired &&
      (emergency ? withdrawal(retired) : `${retired.kid} is retired: ${outlook(retired)}.`),
    next && `${next.kid} is next: published now, ${outlook(next)}.`,
    emergency &&
      'Tokens and ID token hints of what is withdrawn become invalid as soon as a backend reads the JWKS again: within 5 minutes where our cache headers are followed. Backends that cached the JWKS before the new key was in it refuse new tokens until then.',
  ];
  process.stdout.write(`${lines.filter(Boolean).join('\n')}\n`);
}

async function runReencrypt({ json }: z.infer<typeof jsonOption>): Promise<void> {
  const { resealed, total } = await withInstallation(async ({ db, secrets }) => {
    const { encryptionKeys } = await secrets();
    return reencryptSigningKeys({ db, encryptionKeys });
  });
  if (json) return printJson({ reencrypted: resealed, keys: total });
  process.stdout.write(
    `${resealed} of ${total} private keys encrypted again: all are under the first of GATEHOUSE_ENCRYPTION_KEYS now.\n`,
  );
}

function withdrawal({ kid, alg }: SigningKeyRow): string {
  return `${kid} is withdrawn, with every ${alg} key retired before: gone from every JWKS in ${NEWS_SECONDS} seconds.`;
}

function outlook(row: SigningKeyRow): string {
  const { state, usable_from, read_at, published_until } = row;
  if (published_until) return `published until ${formatTime(published_until)}`;
  if (state === 'next') return `may sign from ${formatTime(usable_from)}`;
  return usable_from > read_at ? 'signs in a few seconds' : 'signs';
}

/** A key as --json shows it. */
function describeKey(row: SigningKeyRow) {
  const { kid, alg, state, created_at, activated_at, retired_at, published_until } = row;
  return {
    ...{ kid, alg, state, created_at, activated_at, retired_at },
    may_sign_from: state === 'next' ? row.usable_from : null,
    published_until,
  };
}
