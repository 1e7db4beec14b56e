// accounts import: a file of accounts with the password hashes of another system.
import { accessSync, appendFileSync, constants, statSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import type { ImportedBatch } from '../../accounts/import/import-accounts.ts';
import { importAccounts } from '../../accounts/import/import-accounts.ts';
import { readLines } from '../../accounts/import/read-lines.ts';
import { UsageError } from '../../errors.ts';
import { OPERATOR, withInstallation } from '../open.ts';
import { note, printFields, printJson } from '../print.ts';
import { createProgressBar, openProgressFile, type Progress } from './import-progress.ts';

const schema = z.object({
  resume: z.boolean().default(false),
  report: z.string().optional(),
  json: z.boolean().default(false),
});

/** Imports the file, and says what became of its lines. */
export async function runImportAccounts(file: string, options: unknown): Promise<void> {
  const { resume, report = `${file}.refused.jsonl`, json } = schema.parse(options);
  expectFile(file);
  expectOther(file, report);
  const progressFile = openProgressFile(file);
  const start = progressFile.start(resume);
  // A run that goes on adds to what the one before it wrote.
  if (start.line === 0) writeFileSync(report, '', { mode: 0o600 });
  const bar = createProgressBar(statSync(file).size, process.stderr);
  let progress = start;
  try {
    await withInstallation(async ({ db, secrets }) => {
      const [pepper] = (await secrets()).passwordPeppers;
      if (!pepper) throw new Error('no password pepper is configured');
      const lines = readLines(file, start);
      for await (const batch of importAccounts({ db, pepper }, lines, OPERATOR)) {
        appendFileSync(report, toReport(batch));
        progress = add(progress, batch);
        progressFile.keep(progress);
        bar.show(progress);
      }
    });
  } catch (error) {
    bar.end();
    if (progress.line > 0) note(`Stopped after line ${progress.line}: --resume goes on there.`);
    throw error;
  }
  bar.end();
  progressFile.remove();
  const { created, skipped, refused } = progress;
  // A script that goes on after this must not take it that everybody is there.
  if (refused > 0) process.exitCode = 1;
  if (json) return printJson({ created, skipped, refused, report: refused > 0 ? report : null });
  printFields([
    ['created', String(created)],
    ['already there', String(skipped)],
    ['refused', String(refused)],
  ]);
  if (refused > 0) note(`Why lines were refused, and which, is in ${report}.`);
}

function add(before: Progress, batch: ImportedBatch): Progress {
  return {
    line: batch.line,
    offset: batch.offset,
    created: before.created + batch.created,
    skipped: before.skipped + batch.skipped,
    refused: before.refused + batch.refused,
  };
}

function toReport({ problems }: ImportedBatch): string {
  return problems.map((problem) => `${JSON.stringify(problem)}\n`).join('');
}

// The report is written from its beginning, and the input would be gone.
function expectOther(file: string, report: string): void {
  const found = statSync(report, { throwIfNoEntry: false });
  const { ino, dev } = statSync(file);
  if (found?.ino === ino && found.dev === dev)
    throw new UsageError(`--report must name another file than ${file}.`);
}

function expectFile(file: string): void {
  try {
    accessSync(file, constants.R_OK);
  } catch (cause) {
    throw new UsageError(`${file} cannot be read.`, { cause });
  }
  // It is read again where a run stopped, which a pipe cannot.
  if (!statSync(file).isFile()) throw new UsageError(`${file} is not a file.`);
}
