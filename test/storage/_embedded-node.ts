// Gatehouse nodes on data directories of their own, for the tests of the embedded database.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { ExecutionContext } from 'ava';
import { Client } from 'pg';
import {
  applicationName,
  type EmbeddedDatabase,
  openEmbeddedDatabase,
} from '../../src/storage/embedded/embedded-database.ts';

const LAUNCHER = new URL('../../src/storage/embedded/embedded-database.ts', import.meta.url).href;
/** Where the cluster of a data directory lies: as root it is elsewhere. */
export async function readHome(dataDir: string): Promise<string> {
  const text = await readFile(join(dataDir, 'postgres.json'), 'utf8').catch(() => '{}');
  const { home } = JSON.parse(text) as { home?: string }; // written by the launcher
  return home ?? dataDir;
}

export async function readPostmasterPid(dataDir: string): Promise<number> {
  const file = join(await readHome(dataDir), 'postgres', 'postmaster.pid');
  return Number.parseInt(await readFile(file, 'utf8'), 10);
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** A data directory that goes after the test, with whatever server the test left behind. */
export async function makeDataDir(t: ExecutionContext): Promise<string> {
  const dataDir = await mkdtemp(join(tmpdir(), 'gatehouse-embedded-'));
  t.teardown(async () => {
    const home = await readHome(dataDir);
    const pid = await readPostmasterPid(dataDir).catch(() => undefined);
    if (pid !== undefined && pid !== process.pid && isAlive(pid)) process.kill(pid, 'SIGQUIT');
    const gone = { recursive: true, force: true, maxRetries: 20 };
    await rm(home, gone);
    await rm(`${home}.previous`, gone);
    await rm(dataDir, gone);
  });
  return dataDir;
}

export async function open(t: ExecutionContext, dataDir: string): Promise<EmbeddedDatabase> {
  const database = await openEmbeddedDatabase({ dataDir, log: t.log });
  t.teardown(() => database.stop());
  return database;
}

export async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url, application_name: applicationName() });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

export interface Node {
  url: string;
  owner: boolean;
  process: ChildProcess;
  stop(): Promise<void>;
}

/** Another Gatehouse node: a process of its own that opens the database and waits. */
export async function startNode(t: ExecutionContext, dataDir: string): Promise<Node> {
  const script = `
    import { openEmbeddedDatabase } from ${JSON.stringify(LAUNCHER)};
    const database = await openEmbeddedDatabase({ dataDir: process.argv[1], log: () => {} });
    console.log(JSON.stringify({ url: database.url, owner: database.owner }));
    process.stdin.once('data', async () => { await database.stop(); process.exit(0); });`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, dataDir], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  const failed = once(child, 'exit').then(([code]) => {
    throw new Error(`the node ended with ${code} before it had opened the database`);
  });
  const [line] = await Promise.race([once(createInterface(child.stdout), 'line'), failed]);
  failed.catch(() => undefined);
  const opened = JSON.parse(String(line)) as Pick<Node, 'url' | 'owner'>; // printed just above
  return {
    ...opened,
    process: child,
    stop: async () => {
      child.stdin.write('stop\n');
      await once(child, 'exit');
    },
  };
}
