// A lock between processes of one machine: a file that names its holder. A dead holder loses it.
import { randomUUID } from 'node:crypto';
import { link, readFile, rename, stat, unlink, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { readProcessStart, readProcessState } from './process-state.ts';

const WAIT_MS = 90_000;
/** A holder writes its name at once, so a lock that stays empty belongs to a process that died there. */
const EMPTY_MS = 3000;

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

async function isStale(path: string, content: string): Promise<boolean> {
  const [pid, startedAt] = content.split(' ');
  if (pid === undefined || !/^\d+$/.test(pid)) {
    const { mtimeMs } = await stat(path);
    return Date.now() - mtimeMs > EMPTY_MS;
  }
  if ((await readProcessState(Number(pid))) !== 'running') return true;
  return startedAt !== ((await readProcessStart(Number(pid))) ?? '-');
}

/** Removes a stale lock, and never the fresh one that somebody else may have put in its place. */
async function removeStale(path: string, seen: string): Promise<void> {
  const aside = `${path}.${randomUUID()}`;
  await rename(path, aside);
  if ((await readFile(aside, 'utf8')) !== seen) await link(aside, path).catch(() => undefined);
  await unlink(aside);
}

/** Takes the lock; false when somebody holds it. */
async function take(path: string, own: string): Promise<boolean> {
  try {
    await writeFile(path, own, { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

/** The holder, as the lock names it; undefined once the lock is free, which it is for a dead holder. */
async function readHolder(path: string): Promise<string | undefined> {
  try {
    const content = await readFile(path, 'utf8');
    if (!(await isStale(path, content))) return content;
    await removeStale(path, content);
  } catch (error) {
    // Released, or taken over by another process, while we looked at it.
    if (codeOf(error) !== 'ENOENT') throw error;
  }
  return undefined;
}

async function acquire(path: string): Promise<void> {
  const own = `${process.pid} ${(await readProcessStart(process.pid)) ?? '-'}`;
  const giveUp = Date.now() + WAIT_MS;
  while (!(await take(path, own))) {
    const holder = await readHolder(path);
    if (holder === undefined) continue;
    if (Date.now() > giveUp) {
      throw new Error(
        `Process ${holder.split(' ')[0]} has held ${path} for too long. End it, or delete that file if it is not Gatehouse.`,
      );
    }
    await sleep(50);
  }
}

/** Runs `work` while no other process of this machine runs any under the same lock file. */
export async function withFileLock<T>(path: string, work: () => Promise<T>): Promise<T> {
  await acquire(path);
  try {
    return await work();
  } finally {
    await unlink(path).catch(() => undefined);
  }
}
