// What went wrong with the embedded database, in sentences that say what to do.
import { open } from 'node:fs/promises';
import { UsageError } from '../../errors.ts';

const TAIL_BYTES = 4096;
const TAIL_LINES = 12;

const DAMAGED =
  /PANIC|could not (locate|open file|read file)|invalid (data|checkpoint|magic)|checksum|incorrect CRC|not a valid data directory/i;

/** The last lines that were written to a log since it was `from` bytes long. */
export async function readLogTail({ file, from }: { file: string; from: number }): Promise<string> {
  const handle = await open(file, 'r');
  try {
    const { size } = await handle.stat();
    const start = Math.max(from, size - TAIL_BYTES);
    const { buffer, bytesRead } = await handle.read({
      buffer: Buffer.alloc(Math.max(size - start, 0)),
      position: start,
    });
    return buffer.toString('utf8', 0, bytesRead).trim().split('\n').slice(-TAIL_LINES).join('\n');
  } finally {
    await handle.close();
  }
}

/** An error for a PostgreSQL program that gave up, from what it printed. */
export function describeFailure(options: {
  what: string;
  output: string;
  dataDir: string;
  logFile?: string;
}): Error {
  const { output, dataDir, logFile } = options;
  const quote = logFile === undefined ? output : `The last lines of ${logFile}:\n${output}`;
  if (/No space left on device|Disk quota exceeded/i.test(output)) return fullDisk(dataDir, quote);
  if (DAMAGED.test(output) && !/Permission denied/i.test(output)) {
    return new UsageError(
      `The database of ${dataDir} is damaged. Put back a copy of it, or delete ${dataDir} to start with an empty one. ${quote}`,
    );
  }
  return new UsageError(`${options.what} ${quote}`);
}

function fullDisk(dataDir: string, detail: string, cause?: unknown): Error {
  return new UsageError(
    `The disk of the database (${dataDir}) is full. Free some space, then start again. ${detail}`,
    { cause },
  );
}

/** Explains what the operating system refused us in the data directory; other errors pass unchanged. */
export function explainRefusal({ error, dataDir }: { error: unknown; dataDir: string }): unknown {
  if (!(error instanceof Error) || !('code' in error) || !('syscall' in error)) return error;
  const detail = `(${error.message})`;
  if (String(error.syscall).startsWith('spawn')) {
    return new UsageError(
      `PostgreSQL could not be run: its directory may be on a disk mounted noexec, or this process may not change its identity. Start Gatehouse as an ordinary account, or set DATABASE_URL to a PostgreSQL 15 or newer. ${detail}`,
      { cause: error },
    );
  }
  switch (error.code) {
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new UsageError(
        `Gatehouse may not write to its data directory ${dataDir}. Give the right to the account that runs Gatehouse, or choose another directory. ${detail}`,
        { cause: error },
      );
    case 'EEXIST':
    case 'ENOTDIR':
      return new UsageError(
        `The data directory ${dataDir} is not a directory. Remove the file in its place, or choose another directory. ${detail}`,
        { cause: error },
      );
    case 'ENOSPC':
    case 'EDQUOT':
      return fullDisk(dataDir, detail, error);
    default:
      return error;
  }
}
