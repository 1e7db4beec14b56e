// Backends that outlive a killed server: a busy one notices late that it is alone, and PostgreSQL
// rightly refuses to start while it holds the shared memory. Linux only; elsewhere they end in time.
import { readdir, readFile, readlink } from 'node:fs/promises';

/** Ends the PostgreSQL processes that work in the directory of a cluster that has no postmaster. */
export async function endOrphanedBackends({ cluster }: { cluster: string }): Promise<void> {
  const entries = await readdir('/proc').catch(() => []);
  for (const pid of entries.filter((entry) => /^\d+$/.test(entry))) {
    // Not ours to look at, or just gone: not ours to end.
    const directory = await readlink(`/proc/${pid}/cwd`).catch(() => undefined);
    if (directory !== cluster) continue;
    const command = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '');
    if (command.trim() !== 'postgres') continue;
    try {
      process.kill(Number(pid), 'SIGQUIT');
    } catch {
      // It ended by itself.
    }
  }
}
