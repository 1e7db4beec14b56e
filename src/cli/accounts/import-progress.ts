// How far an import came: a bar for people, a file for the run that goes on after a stop.
import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import type { ImportCounts } from '../../accounts/import/import-accounts.ts';
import { UsageError } from '../../errors.ts';

const schema = z.object({
  size: z.number(),
  changed: z.number(),
  offset: z.number(),
  line: z.number(),
  created: z.number(),
  skipped: z.number(),
  refused: z.number(),
});

export interface Progress extends ImportCounts {
  /** The last line that is done, and where the next one begins. */
  line: number;
  offset: number;
}

export interface ProgressFile {
  /** Where to begin: at the beginning, or where the last run stopped. Throws a UsageError when the file changed since. */
  start(resume: boolean): Progress;
  keep(progress: Progress): void;
  /** All is done: there is nothing to go on with. */
  remove(): void;
}

const NOTHING: Progress = { line: 0, offset: 0, created: 0, skipped: 0, refused: 0 };

/** The progress of one file lies beside it. */
export function openProgressFile(file: string): ProgressFile {
  const path = `${file}.progress`;
  const { size, mtimeMs: changed } = statSync(file);
  return {
    start(resume) {
      const kept = resume ? readKept(path) : undefined;
      if (!kept) return NOTHING;
      if (kept.size !== size || kept.changed !== changed)
        throw new UsageError(
          `${file} has changed since that run: leave out --resume to begin again. What is there already is skipped.`,
        );
      const { line, offset, created, skipped, refused } = kept;
      return { line, offset, created, skipped, refused };
    },
    keep(progress) {
      writeFileSync(`${path}.new`, JSON.stringify({ size, changed, ...progress }));
      renameSync(`${path}.new`, path);
    },
    remove: () => rmSync(path, { force: true }),
  };
}

function readKept(path: string): z.infer<typeof schema> | undefined {
  try {
    return schema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    return undefined;
  }
}

const WIDTH = 30;

/** Shows a bar on a terminal, and nothing elsewhere. */
export function createProgressBar(size: number, terminal: NodeJS.WriteStream) {
  const shows = terminal.isTTY === true;
  return {
    show({ offset, line }: Progress) {
      if (!shows) return;
      const share = size === 0 ? 1 : offset / size;
      const bar = '#'.repeat(Math.round(share * WIDTH)).padEnd(WIDTH, '.');
      const lines = line.toLocaleString('en');
      terminal.write(`\r[${bar}] ${Math.floor(share * 100)} %  ${lines} lines `);
    },
    end: () => void (shows && terminal.write('\n')),
  };
}
