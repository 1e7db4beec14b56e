// Joins a server that another process started: another Gatehouse node, or one that was killed.
import { setTimeout as sleep } from 'node:timers/promises';
import { type Connection, connectWhenReady } from './connection.ts';
import { describeFailure, readLogTail } from './failure.ts';
import type { Place } from './place.ts';
import { findPostmaster } from './postmaster.ts';
import { readProcessState } from './process-state.ts';

const READY_MS = 20_000;

/** Connects to the running server; undefined when none runs, or when it went while we knocked. */
export async function adoptServer(options: {
  place: Place;
  dataDir: string;
  applicationName: string;
  log: (message: string) => void;
}): Promise<{ connection: Connection; port: number } | undefined> {
  const { place, dataDir, applicationName, log } = options;
  const giveUp = Date.now() + READY_MS;
  for (;;) {
    const found = await findPostmaster({ cluster: place.cluster, log });
    if (found === undefined) return undefined;
    const { pid, port } = found;
    const fail = async (why: string) =>
      describeFailure({
        what: `PostgreSQL runs for ${dataDir} (process ${pid}) but does not let us in: ${why}. End that process, then start again.`,
        output: await readLogTail({ file: place.logFile, from: 0 }).catch(() => ''),
        dataDir,
        logFile: place.logFile,
      });
    if (port !== undefined) {
      const connection = await connectWhenReady({
        port,
        password: place.password,
        applicationName,
        isAlive: async () => (await readProcessState(pid)) === 'running',
        giveUp,
      }).catch(async (cause: Error) => {
        throw await fail(cause.message);
      });
      if (connection !== undefined) return { connection, port };
    } else if (Date.now() > giveUp) {
      throw await fail('it has no port yet');
    }
    await sleep(20);
  }
}
