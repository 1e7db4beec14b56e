// Runs the server until a signal: exit code 0 after a clean stop, 1 with plain words when it cannot start.
import { isRunByNpm, readConfig } from '../config.ts';
import { AppError, UsageError } from '../errors.ts';
import { isUnavailable } from '../storage/database.ts';
import { serve } from './serve.ts';

/** Serves until SIGTERM or SIGINT. */
export async function runServe(): Promise<void> {
  const stopping = new Promise<void>((resolve) => {
    process.once('SIGTERM', resolve);
    process.once('SIGINT', resolve);
    if (isRunByNpm()) onOrphaned(resolve);
  });
  try {
    const server = await serve(readConfig());
    await stopping;
    await server.stop();
    process.exit(0);
  } catch (error) {
    reportFailure(error);
    process.exit(1);
  }
}

// npm passes a signal to its shell, which dies without passing it on: the new parent is the news.
function onOrphaned(callback: () => void): void {
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    callback();
  }, 200);
  watch.unref();
}

/** Says what went wrong on standard error. */
export function reportFailure(error: unknown): void {
  process.stderr.write(`${describeFailure(error)}\n`);
}

/** Configuration, usage and an absent database in plain words, defects with their stack. */
function describeFailure(error: unknown): string {
  if (error instanceof UsageError) return describeProblems(error.problems);
  if (error instanceof AppError) return error.message;
  if (!(error instanceof Error)) return String(error);
  if (isUnavailable(error))
    return `The database cannot be reached (${error.message}): check DATABASE_URL and that PostgreSQL runs.`;
  return error.stack ?? error.message;
}

function describeProblems(problems: readonly string[]): string {
  if (problems.length === 1) return String(problems[0]);
  return ['Gatehouse cannot start:', ...problems.map((line) => `  - ${line}`)].join('\n');
}
