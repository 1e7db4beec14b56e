// The example portal and the example API: outside programs, started beside the demo server.
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { UsageError } from '../errors.ts';
import type { DemoFile } from './demo-file.ts';

export interface Examples {
  stop(): Promise<void>;
}

const STOP_AFTER_MS = 5000;

/** Starts both and waits until they listen. Throws a UsageError that says which one could not. */
export async function startExamples(demo: DemoFile): Promise<Examples> {
  const children = [start('portal', portalEnvironment(demo)), start('api', apiEnvironment(demo))];
  const stop = async () => {
    await Promise.all(children.map(end));
  };
  try {
    await Promise.all(children.map(listening));
  } catch (error) {
    await stop();
    throw error;
  }
  return { stop };
}

function portalEnvironment(demo: DemoFile): Record<string, string> {
  const web = demo.clients.find(({ kind }) => kind === 'web');
  const console = demo.clients.find(({ kind }) => kind === 'console');
  const sandbox = demo.apis.find(({ environment }) => environment === 'sandbox');
  return {
    PORTAL_PORT: new URL(demo.portal_url).port,
    PORTAL_ORIGIN: demo.portal_url,
    PORTAL_ISSUER: demo.issuer,
    PORTAL_CLIENT_ID: web?.client_id ?? '',
    PORTAL_CLIENT_SECRET: web?.client_secret ?? '',
    PORTAL_CONSOLE_CLIENT_ID: console?.client_id ?? '',
    PORTAL_CONSOLE_CLIENT_SECRET: console?.client_secret ?? '',
    PORTAL_API_URL: demo.api_url,
    PORTAL_SANDBOX_RESOURCE: sandbox?.resource ?? '',
  };
}

function apiEnvironment(demo: DemoFile): Record<string, string> {
  const audience = (environment: string) =>
    demo.apis.find((api) => api.environment === environment)?.audience ?? '';
  return {
    API_PORT: new URL(demo.api_url).port,
    API_ISSUER: demo.issuer,
    API_PRODUCTION_AUDIENCE: audience('production'),
    API_SANDBOX_AUDIENCE: audience('sandbox'),
  };
}

function start(name: string, env: Record<string, string>): ChildProcess {
  const path = fileURLToPath(new URL(`../../examples/${name}/main.ts`, import.meta.url));
  // Detached: Ctrl-C in the terminal reaches the server alone, which then stops them in order.
  return fork(path, { env, detached: true, stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
}

function listening(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let complaint = '';
    child.stderr?.on('data', (chunk) => {
      complaint = (complaint + chunk).slice(-2000);
    });
    child.once('message', () => resolve());
    child.once('exit', () => {
      reject(new UsageError(complaint.trim() || 'An example program stopped before it listened.'));
    });
  });
}

function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    const force = setTimeout(() => child.kill('SIGKILL'), STOP_AFTER_MS);
    child.once('exit', () => {
      clearTimeout(force);
      resolve();
    });
    child.kill('SIGTERM');
  });
}
