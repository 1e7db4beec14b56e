// Runs the server until a signal: exit code 0 after a clean stop, 1 with plain words when it cannot start.
import { readConfig } from '../config.ts';
import { isUnavailable } from '../storage/database.ts';
import { UsageError } from '../errors.ts';
import { serve } from './serve.ts';

/** Serves until SIGTERM or SIGINT. */
export async function runServe(): Promise<void> {
  const stopping = new Promise<void>((resolve) => {
    process.once('SIGTERM', resolve);
    process.once('SIGINT', resolve);
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

/** Says what went wrong: configuration and usage in plain words, defects with their stack. */
export function reportFailure(error: unknown): void {
  if (error instanceof UsageError) {
    const [only, ...more] = error.problems;
    const text = more.length > 0 ? error.problems.map((line) => `  - ${line}`).join('\n') : only;
    process.stderr.write(more.length > 0 ? `Gatehouse cannot start:\n${text}\n` : `${text}\n`);
  } else if (isUnavailable(error)) {
    process.stderr.write(
      `The database cannot be reached (${error instanceof Error ? error.message : error}): check DATABASE_URL and that PostgreSQL runs.\n`,
    );
  } else {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : error}\n`);
  }
}
