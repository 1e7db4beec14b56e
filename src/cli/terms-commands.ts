// terms publish, show.
import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { z } from 'zod';
import { publishTerms } from '../accounts/terms.ts';
import { UsageError } from '../errors.ts';
import { findTermsInForce } from '../storage/terms.ts';
import { withInstallation } from './open.ts';
import { note, printJson } from './print.ts';

const publishOptions = z.object({ as: z.string(), inform: z.boolean().default(false) });
const showOptions = z.object({ json: z.boolean().default(false) });

/** Adds the commands to the program. */
export function addTermsCommands(program: Command): void {
  const terms = program.command('terms').description('the terms of use');

  terms
    .command('publish')
    .description('put a text into force: people are asked to accept it when they next sign in')
    .argument('<file>', 'a plain text; blank lines part its paragraphs')
    .requiredOption('--as <version>', 'a name that no terms had before, such as 2026-11')
    .option('--inform', 'show the text at sign-up without asking anybody to accept it')
    .addHelpText('after', '\nExample:\n  $ npx gatehouse terms publish terms.txt --as 2026-11\n')
    .action((file: string, options: unknown) => runPublish(file, publishOptions.parse(options)));

  terms
    .command('show')
    .description('show the terms in force')
    .option('--json', 'print JSON')
    .action((options: unknown) => runShow(showOptions.parse(options)));
}

async function runPublish(
  file: string,
  { as: version, inform }: z.infer<typeof publishOptions>,
): Promise<void> {
  const text = await readFile(file, 'utf8').catch(() => {
    throw new UsageError(`${file} cannot be read.`);
  });
  await withInstallation(({ db }) => publishTerms(db, { version, text, consentRequired: !inform }));
  process.stdout.write(`The terms ${version} are in force.\n`);
}

async function runShow({ json }: z.infer<typeof showOptions>): Promise<void> {
  const terms = await withInstallation(({ db }) => findTermsInForce(db));
  if (json) return printJson(terms ?? null);
  if (!terms) return note('No terms were published: `gatehouse terms publish --help` shows how.');
  process.stdout.write(`${terms.version}\n\n${terms.text.trim()}\n`);
}
