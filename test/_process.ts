// Starts `node src/main.ts` as a person would, in a data directory and on ports of its own.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DemoFile } from '../src/demo/demo-file.ts';
import { bareEnvironment } from './_environment.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

export interface GatehouseProcess {
  child: ChildProcess;
  output(): string;
  /** Resolves when the output contains the text; rejects when the process ends before. */
  says(text: string): Promise<void>;
  /** Sends the signal and resolves with the exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
  exited: Promise<number | null>;
}

/** Runs the server with exactly these variables beside PATH. */
export function run(env: Record<string, string>): GatehouseProcess {
  const child = spawn(process.execPath, ['src/main.ts'], {
    cwd: ROOT,
    env: { ...bareEnvironment(), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const listeners = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output += chunk;
      for (const listener of listeners) listener();
    });
  }
  const exited = new Promise<number | null>((resolve) => child.once('close', resolve));
  return {
    child,
    exited,
    output: () => output,
    says: (text) =>
      new Promise((resolve, reject) => {
        const check = () => output.includes(text) && resolve();
        listeners.add(check);
        check();
        void exited.then(() => reject(new Error(`it ended without saying "${text}":\n${output}`)));
      }),
    stop(signal = 'SIGTERM') {
      child.kill(signal);
      return exited;
    },
  };
}

/** A directory that is removed with everything in it, and with the database that was made for it. */
export function temporaryDirectory(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'gatehouse-demo-test-'));
  return {
    path,
    remove() {
      // As root the database lies elsewhere (see src/storage/embedded/place.ts).
      const record = join(path, 'postgres.json');
      const home = existsSync(record) ? JSON.parse(readFileSync(record, 'utf8')).home : undefined;
      for (const directory of [path, home])
        if (directory) rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** What the demo wrote for scripts. */
export function readDemo(dataDir: string): DemoFile {
  return JSON.parse(readFileSync(join(dataDir, 'demo.json'), 'utf8'));
}

/** A port that is free together with the next `count - 1`. */
export async function freePorts(count: number): Promise<number> {
  for (;;) {
    // Below what systems hand out to outgoing connections.
    const first = 20_000 + Math.floor(Math.random() * 12_000);
    const all = Array.from({ length: count }, (_, i) => isFree(first + i));
    if ((await Promise.all(all)).every(Boolean)) return first;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
}

/** Fetches a token with the `machine` client, knowing only demo.json and discovery. */
export async function fetchMachineToken(demo: DemoFile, via = demo.issuer): Promise<Response> {
  const machine = demo.clients.find(({ kind }) => kind === 'machine');
  const discovery = await fetch(`${via}/.well-known/openid-configuration`);
  const { token_endpoint } = (await discovery.json()) as { token_endpoint: string };
  const credentials = Buffer.from(`${machine?.client_id}:${machine?.client_secret}`);
  return fetch(token_endpoint.replace(demo.issuer, via), {
    method: 'POST',
    headers: { Authorization: `Basic ${credentials.toString('base64')}` },
    body: new URLSearchParams({ grant_type: 'client_credentials', scope: 'orders.read' }),
  });
}
