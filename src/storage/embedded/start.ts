// Starts the server as a process of its own session and waits until it lets us in.
import { type ChildProcess, spawn } from 'node:child_process';
import { open } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Binaries } from './binaries.ts';
import { type Connection, connectWhenReady } from './connection.ts';
import { describeFailure, readLogTail } from './failure.ts';
import { findFreePort } from './free-port.ts';
import { endOrphanedBackends } from './orphaned-backends.ts';
import type { Place } from './place.ts';
import type { RunAs } from './run-as.ts';

const READY_MS = 20_000;

/** Backends of a killed server are still there. */
const ORPHANED = /pre-existing shared memory block/;
/** What passes by itself: a port that was taken just now, or a server that goes just now. */
const PASSING = /could not bind|could not create any TCP|lock file "postmaster.pid" already exists/;

/** Durability stays as PostgreSQL has it (fsync, full_page_writes and synchronous_commit are on). */
function settings(port: number): string[] {
  return Object.entries({
    port,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    // A node takes up to 24, and several may share the server.
    max_connections: 300,
    shared_buffers: '64MB',
    // A demo has few readers and subscribes to nothing: no apply launcher, no I/O workers.
    max_logical_replication_workers: 0,
    io_method: 'sync',
    max_wal_size: '256MB',
    log_checkpoints: 'off',
  }).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

/** Detached, so that Ctrl-C in the terminal reaches us only; what it prints goes to the log file. */
async function spawnServer(options: {
  place: Place;
  binaries: Binaries;
  runAs: RunAs;
  port: number;
}): Promise<{ child: ChildProcess; logStart: number }> {
  const { place, binaries, runAs, port } = options;
  const logFile = await open(place.logFile, 'a', 0o600);
  try {
    const { size } = await logFile.stat();
    // `findPostmaster` recognises the server by these first arguments.
    const child = spawn(binaries.postgres, ['-D', place.cluster, ...settings(port)], {
      ...runAs,
      cwd: '/',
      env: { LC_ALL: 'C', TZ: 'UTC' },
      detached: true,
      windowsHide: true,
      stdio: ['ignore', logFile.fd, logFile.fd],
    });
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', reject);
    });
    child.unref();
    return { child, logStart: size };
  } finally {
    await logFile.close();
  }
}

/** Starts the server of a cluster that has none. Throws with the last lines of its log. */
export async function startServer(options: {
  place: Place;
  binaries: Binaries;
  runAs: RunAs;
  dataDir: string;
  applicationName: string;
}): Promise<{ connection: Connection; port: number }> {
  const { place, dataDir, applicationName } = options;
  const lastTry = Date.now() + READY_MS;
  for (;;) {
    const port = await findFreePort(place.port);
    const { child, logStart } = await spawnServer({ ...options, port });
    const fail = async (what: string) => {
      const output = await readLogTail({ file: place.logFile, from: logStart });
      return describeFailure({ what, output, dataDir, logFile: place.logFile });
    };
    const connection = await connectWhenReady({
      port,
      password: place.password,
      applicationName,
      isAlive: async () => child.exitCode === null && child.signalCode === null,
      giveUp: Date.now() + READY_MS,
    }).catch(async (cause: Error) => {
      const seconds = READY_MS / 1000;
      throw await fail(
        `PostgreSQL (process ${child.pid}) did not let us in within ${seconds} s: ${cause.message}. It is left running, for it may be recovering: try again.`,
      );
    });
    if (connection !== undefined) return { connection, port };
    const failure = await fail('PostgreSQL did not start.');
    if (ORPHANED.test(failure.message)) await endOrphanedBackends(place);
    else if (!PASSING.test(failure.message)) throw failure;
    if (Date.now() > lastTry) throw failure;
    await sleep(100);
  }
}
