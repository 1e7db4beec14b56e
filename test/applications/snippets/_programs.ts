// Runs the code of a snippet as the developer would: saved under its name, with its own command.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { mkdir, mkdtemp, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Snippet, SnippetLanguage } from '../../../src/applications/snippets/snippets.ts';

const NODE_MODULES = fileURLToPath(new URL('../../../node_modules', import.meta.url));
/** Of the module cache: .ci/run fetches it. One that Go of 2024 can build. */
const GO_LIBRARY = 'golang.org/x/oauth2@v0.30.0';
const GO_OFFLINE = { GOFLAGS: '-mod=mod', GOPROXY: 'off', GOSUMDB: 'off', GOTOOLCHAIN: 'local' };

interface Runtime {
  /** The program that is named first in the command, where it is not the one of PATH. */
  program?: { name: string; path: string };
  env?: Record<string, string>;
  /** What stands for the command that installs the library. */
  prepare?(directory: string): Promise<unknown>;
}

/** How a language is run here; a sentence when it is not at hand. */
export async function findRuntime(language: SnippetLanguage): Promise<Runtime | string> {
  switch (language) {
    case 'node':
      return {
        program: { name: 'node', path: process.execPath },
        prepare: (directory) => symlink(NODE_MODULES, join(directory, 'node_modules')),
      };
    case 'python':
      return findPython();
    case 'go':
      return (await works('go', ['mod', 'download', GO_LIBRARY], GO_OFFLINE))
        ? { env: GO_OFFLINE, prepare: prepareGo }
        : `no Go with ${GO_LIBRARY} in its module cache`;
    case 'java':
      return (await works('java', ['--list-modules'], {}, /jdk\.compiler/)) ? {} : 'no JDK';
    case 'csharp':
      return (await works('dotnet', ['--version']))
        ? { prepare: (directory) => call('dotnet', ['new', 'console'], { cwd: directory }) }
        : 'no dotnet';
    default:
      return {};
  }
}

async function findPython(): Promise<Runtime | string> {
  for (const candidate of ['python3', '/usr/bin/python3']) {
    if (!(await works(candidate, ['-c', 'import authlib, flask, requests']))) continue;
    const path = await call(candidate, ['-c', 'import sys; print(sys.executable)']);
    return { program: { name: 'python3', path: path.trim() } };
  }
  return 'no python3 with authlib, flask and requests';
}

async function prepareGo(directory: string): Promise<void> {
  const options = { cwd: directory, env: { ...process.env, ...GO_OFFLINE } };
  await call('go', ['mod', 'init', 'client'], options);
  await call('go', ['get', GO_LIBRARY], options);
}

async function call(command: string, args: string[], options = {}): Promise<string> {
  const { stdout } = await promisify(execFile)(command, args, { encoding: 'utf8', ...options });
  return stdout;
}

async function works(command: string, args: string[], env = {}, says = /^/): Promise<boolean> {
  try {
    const options = { env: { ...process.env, ...env }, cwd: tmpdir() };
    return says.test(await call(command, args, options));
  } catch {
    return false;
  }
}

export interface Program {
  /** Waits for what the program prints; rejects when it ends without. */
  says(text: RegExp): Promise<RegExpExecArray>;
  /** All that it printed, once it has ended. */
  ended: Promise<string>;
  /** Ends it, and removes its directory. */
  remove(): void;
}

/** Saves the code, stands in for the command that installs its library, and runs it. */
export async function startProgram(
  { file, code, run }: Snippet,
  runtime: Runtime,
  secret: string | undefined,
): Promise<Program> {
  const directory = await mkdtemp(join(tmpdir(), 'gatehouse-snippet-'));
  await runtime.prepare?.(directory);
  await writeFile(join(directory, file), code);
  const programs = join(directory, 'programs');
  await mkdir(programs);
  const { program } = runtime;
  if (program) await symlink(program.path, join(programs, program.name));
  // A group of its own: some commands start the program as a child.
  const child = spawn('sh', ['-c', run], {
    cwd: directory,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      ...runtime.env,
      PATH: `${programs}${delimiter}${process.env['PATH']}`,
      ...(secret ? { CLIENT_SECRET: secret } : {}),
    },
  });
  return { ...listen(child), remove: () => remove(child, directory) };
}

function listen(child: ChildProcess): Omit<Program, 'remove'> {
  let output = '';
  const waiting = new Set<() => void>();
  const ended = new Promise<string>((resolve) => child.once('close', () => resolve(output)));
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk) => {
      output += chunk;
      for (const look of waiting) look();
    });
  }
  return {
    ended,
    says: (text) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const found = text.exec(output);
          if (found) resolve(found);
        };
        waiting.add(look);
        look();
        void ended.then(() => reject(new Error(`it ended without saying ${text}:\n${output}`)));
      }),
  };
}

function remove({ pid }: ChildProcess, directory: string): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended already.
  }
  rmSync(directory, { recursive: true, force: true });
}
