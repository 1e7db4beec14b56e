// Runs the server until a signal: exit code 0 after a clean stop, 1 with plain words when it cannot start.
import { isRunByNpm, readConfig } from '../config.ts';
import { reportFailure } from './report-failure.ts';
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
