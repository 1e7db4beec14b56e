// A PostgreSQL server that runs already: found by its postmaster.pid, and stopped.
import { readFile, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readCommandLine, readProcessState } from './process-state.ts';

export interface Postmaster {
  pid: number;
  /** Undefined in the first moments of a start. */
  port: number | undefined;
}

const ZOMBIE_MS = 5000;
const FAST_SHUTDOWN_MS = 20_000;
const IMMEDIATE_SHUTDOWN_MS = 5000;

/** Waits until a process is gone; a zombie counts as gone if `orZombie`. False when time is up. */
async function waitUntilGone(pid: number, milliseconds: number, orZombie: boolean) {
  const giveUp = Date.now() + milliseconds;
  for (;;) {
    const state = await readProcessState(pid);
    if (state === 'gone' || (orZombie && state === 'zombie')) return true;
    if (Date.now() > giveUp) return false;
    await sleep(20);
  }
}

/** Line 1 of the file is the pid, line 4 the port; undefined when there is no file. */
async function readPidFile(file: string): Promise<Postmaster | undefined> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  const [pid, , , port] = text.split('\n');
  return {
    pid: Number.parseInt(pid ?? '', 10),
    port: Number.parseInt(port ?? '', 10) || undefined,
  };
}

/** Whether a live process is the server of this cluster: `start.ts` fixes the first arguments. */
async function serves(pid: number, cluster: string): Promise<boolean> {
  if (process.platform === 'win32') return true; // it does not tell a command line
  return (await readCommandLine(pid))?.includes(`/bin/postgres -D ${cluster} `) ?? false;
}

/**
 * Finds the running server of a cluster. A postmaster.pid that names a dead process is left to
 * PostgreSQL; one that names another program, a zombie that stays or nothing at all is removed,
 * because PostgreSQL would refuse to start. (Its shared memory still guards against a second server.)
 */
export async function findPostmaster(options: {
  cluster: string;
  log: (message: string) => void;
}): Promise<Postmaster | undefined> {
  const file = join(options.cluster, 'postmaster.pid');
  const found = await readPidFile(file);
  if (found === undefined) return undefined;
  const { pid } = found;
  if (pid > 0) {
    const state = await readProcessState(pid);
    if (state === 'running' && (await serves(pid, options.cluster))) return found;
    if (state === 'gone') return undefined;
    // A killed server stays a zombie until its parent reaps it.
    if (state === 'zombie' && (await waitUntilGone(pid, ZOMBIE_MS, false))) return undefined;
  }
  options.log(`Removing ${file}: process ${pid} is not the server of this database.`);
  await unlink(file);
  return undefined;
}

/** Shuts a server down: fast, and if that takes too long immediately (it then recovers at its next start). */
export async function stopPostmaster(pid: number): Promise<void> {
  const steps: [NodeJS.Signals, number][] = [
    ['SIGINT', FAST_SHUTDOWN_MS],
    ['SIGQUIT', IMMEDIATE_SHUTDOWN_MS],
  ];
  for (const [signal, milliseconds] of steps) {
    try {
      process.kill(pid, signal);
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return;
      throw error;
    }
    if (await waitUntilGone(pid, milliseconds, true)) return;
  }
  throw new Error(`The embedded PostgreSQL (process ${pid}) does not stop.`);
}
