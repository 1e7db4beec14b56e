// The operating-system identity that PostgreSQL runs with, because it refuses to run as root.
import { readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Options for spawn: empty when the server runs as ourselves. */
export interface RunAs {
  uid?: number;
  gid?: number;
}

export function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/** As root, PostgreSQL runs as `nobody`, which every Unix has: creating one is not ours to do. */
export async function readNobody(): Promise<Required<RunAs>> {
  const line = (await readFile('/etc/passwd', 'utf8').catch(() => ''))
    .split('\n')
    .find((entry) => entry.startsWith('nobody:'));
  const [, , uid, gid] = line?.split(':') ?? [];
  if (uid === undefined || gid === undefined) {
    throw new Error(
      'PostgreSQL refuses to run as root, and /etc/passwd has no "nobody" to run it as. Start Gatehouse as an ordinary account, or set DATABASE_URL to a PostgreSQL 15 or newer.',
    );
  }
  // macOS writes -2.
  return { uid: Number(uid) >>> 0, gid: Number(gid) >>> 0 };
}

/** The identity for an existing cluster: its owner, which PostgreSQL insists on. */
export async function readOwner(cluster: string): Promise<RunAs> {
  if (process.getuid === undefined) return {};
  const { uid, gid } = await stat(cluster);
  if (uid === process.getuid()) return {};
  if (isRoot()) return { uid, gid };
  throw new Error(
    `The database in ${cluster} belongs to another account (uid ${uid}). Start Gatehouse as that account, or choose another data directory.`,
  );
}

/** Whether any account may enter a directory, which takes the x bit on it and on all above it. */
export async function isOpenToOthers(directory: string): Promise<boolean> {
  for (let at = directory; ; at = dirname(at)) {
    const found = await stat(at).catch(() => undefined);
    if (found === undefined || (found.mode & 0o001) === 0) return false;
    if (at === dirname(at)) return true;
  }
}
