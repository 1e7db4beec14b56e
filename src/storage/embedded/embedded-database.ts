// The embedded database of demo mode: the real PostgreSQL as a child process, shared by every
// Gatehouse node of this machine that has the same data directory. It outlives a killed node, and
// the next one adopts it.
import { mkdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { adoptServer } from './adopt.ts';
import { installBinaries } from './binaries.ts';
import { prepareCluster } from './cluster.ts';
import { countNodes, createDatabase } from './connection.ts';
import { explainRefusal } from './failure.ts';
import { withFileLock } from './file-lock.ts';
import { openPlace, type Place } from './place.ts';
import { findPostmaster, stopPostmaster } from './postmaster.ts';
import { startServer } from './start.ts';

export interface EmbeddedDatabase {
  /** A postgres:// URL with the password: a secret. */
  url: string;
  /** Whether this call started the server; false when it found one running. */
  owner: boolean;
  /** Stops the server, unless another Gatehouse node uses it. Connections still open get errors. */
  stop(): Promise<void>;
}

type Log = (message: string) => void;

/** The application_name of this process's connections, by which nodes see who else uses the server. */
export function applicationName(): string {
  return `gatehouse:${process.pid}`;
}

/** Unlike the pool's, so that two openers within one process count as two. */
function presenceName(): string {
  return `${applicationName()} presence`;
}

/** Adopts the server, or starts it; the connection then stays open to show that we are here. */
async function openServer(options: { place: Place; dataDir: string; log: Log }) {
  const { place, dataDir, log } = options;
  const found = await adoptServer({ ...options, applicationName: presenceName() });
  if (found !== undefined) return { ...found, owner: false };
  const binaries = await installBinaries({ home: place.home });
  const runAs = await prepareCluster({ place, binaries, dataDir });
  const applicationName = presenceName();
  const started = await startServer({ place, binaries, runAs, dataDir, applicationName });
  log(`PostgreSQL started on port ${started.port}; its data lies in ${place.cluster}.`);
  return { ...started, owner: true };
}

async function stopServer(options: { place: Place; log: Log }): Promise<void> {
  const { place, log } = options;
  const found = await findPostmaster({ cluster: place.cluster, log });
  if (found === undefined) return;
  // A server that lets nobody in serves nobody: the count is then 0.
  const others = await countNodes({
    port: found.port ?? place.port,
    password: place.password,
    applicationName: presenceName(),
    ownName: applicationName(),
  }).catch(() => 0);
  if (others > 0) log('PostgreSQL keeps running: another Gatehouse node uses it.');
  else await stopPostmaster(found.pid);
}

/**
 * Starts (or adopts) the PostgreSQL server whose data lies in `<dataDir>/postgres`; as root it lies
 * elsewhere, as `<dataDir>/postgres.json` says. Creates what is missing, and the database and the
 * superuser `gatehouse`. It listens on 127.0.0.1 only. Throws an Error that says what to do.
 */
export async function openEmbeddedDatabase(deps: {
  dataDir: string;
  log: Log;
}): Promise<EmbeddedDatabase> {
  const { log } = deps;
  try {
    await mkdir(deps.dataDir, { recursive: true, mode: 0o700 });
    const dataDir = await realpath(deps.dataDir);
    const lockFile = join(dataDir, 'postgres.lock');
    return await withFileLock(lockFile, async () => {
      const place = await openPlace({ dataDir, log });
      const { connection, port, owner } = await openServer({ place, dataDir, log });
      await createDatabase(connection).catch(async (error) => {
        await connection.close();
        throw error;
      });
      let stopped: Promise<void> | undefined;
      const stop = async () => {
        await connection.close();
        // Under the lock, so that nobody adopts the server while it goes.
        await withFileLock(lockFile, () => stopServer({ place, log })).catch((error) => {
          // Somebody deleted the whole data directory, so nobody can adopt the server any more.
          if (error.code === 'ENOENT') return stopServer({ place, log });
          throw error;
        });
      };
      return {
        url: `postgres://gatehouse:${place.password}@127.0.0.1:${port}/gatehouse?sslmode=disable`,
        owner,
        stop: () => {
          stopped ??= stop();
          return stopped;
        },
      };
    });
  } catch (error) {
    throw explainRefusal({ error, dataDir: deps.dataDir });
  }
}
