// The README's first minute, on a scratch data directory and free ports: `npm start`, a real token
// by curl, the README's commands, SIGTERM. Prints one line a step and ends with `N steps passed, N steps failed`.
import { spawn } from 'node:child_process';
import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fetchFirstToken } from './first-token.ts';
import { findProcesses, killProcesses } from './processes.ts';
import { runReadme } from './readme.ts';

const readySeconds = 60;
const stopSeconds = 30;

/** The demo takes three ports in a row: server, portal, API. */
async function findPorts(): Promise<number> {
  const isFree = (port: number) =>
    new Promise<boolean>((resolve) => {
      const probe = createServer().once('error', () => resolve(false));
      probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
    });
  for (;;) {
    const first = 20_000 + Math.floor(Math.random() * 10_000);
    const free = await Promise.all([first, first + 1, first + 2].map(isFree));
    if (free.every(Boolean)) return first;
  }
}

const dataDir = mkdtempSync(join(tmpdir(), 'gatehouse-smoke-'));
const logFile = `${dataDir}.log`;
const port = await findPorts();
const log = openSync(logFile, 'w');
const npm = spawn('npm', ['start'], {
  stdio: ['ignore', log, log],
  env: { ...process.env, GATEHOUSE_DATA_DIR: dataDir, GATEHOUSE_PORT: String(port) },
});
const ended = new Promise<void>((resolve) => npm.once('exit', () => resolve()));
const ending = () => npm.exitCode ?? npm.signalCode;

/** Where its data lies: as root, the database has a place of its own. */
function findPlaces(): string[] {
  try {
    const record: unknown = JSON.parse(readFileSync(join(dataDir, 'postgres.json'), 'utf8'));
    const { home } = record as { home?: string }; // written by storage/embedded, in this repository
    return home === undefined ? [dataDir] : [dataDir, home];
  } catch {
    return [dataDir]; // It never came that far.
  }
}

/** What its processes are known by: the example programs get nothing but URLs. */
const findMarks = () => [...findPlaces(), `//127.0.0.1:${port}`];

async function givesToken(): Promise<void> {
  const giveUp = Date.now() + readySeconds * 1000;
  for (;;) {
    try {
      return fetchFirstToken(dataDir);
    } catch (error) {
      if (ending() !== null) throw new Error(`npm start ended with ${ending()}.`, { cause: error });
      if (Date.now() > giveUp) throw error;
    }
    await sleep(250);
  }
}

async function runsReadme(): Promise<void> {
  const failure = runReadme({ port, dataDir });
  if (failure !== undefined) throw new Error(failure);
}

async function endsCleanly(): Promise<void> {
  const marks = findMarks();
  // npm does not hand SIGTERM down to what its shell started, so the server itself gets it.
  const server = findProcesses(marks).find(({ command }) => command.startsWith('node src/main'));
  if (server === undefined) throw new Error('There is no process `node src/main.ts`.');
  process.kill(server.pid, 'SIGTERM');
  await Promise.race([ended, sleep(stopSeconds * 1000, undefined, { ref: false })]);
  if (ending() === null) throw new Error(`It still runs ${stopSeconds} s after SIGTERM.`);
  if (ending() !== 0) throw new Error(`npm start ended with ${ending()}, not with 0.`);
  const left = findProcesses(marks).map(({ command }) => command);
  if (left.length > 0) throw new Error(`It left behind:\n${left.join('\n')}`);
}

const steps: [string, () => Promise<void>][] = [
  [
    `npm start gives curl a token within ${readySeconds} s, and the example programs answer`,
    givesToken,
  ],
  ['the commands of README.md work', runsReadme],
  ['SIGTERM ends it with exit code 0 and leaves no process', endsCleanly],
];
let failed = 0;
for (const [title, run] of steps) {
  try {
    await run();
    console.log(`✔ ${title}`);
  } catch (error) {
    failed += 1;
    console.error(`✘ ${title}\n${error instanceof Error ? error.message : error}`);
  }
}

if (failed > 0) console.error(`--- npm start printed:\n${readFileSync(logFile, 'utf8')}`);
killProcesses(findMarks());
for (const path of [...findPlaces(), logFile]) rmSync(path, { recursive: true, force: true });
console.log(`${steps.length - failed} steps passed, ${failed} steps failed`);
process.exitCode = failed === 0 ? 0 : 1;
