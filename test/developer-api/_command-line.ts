// The commands of a developer, run on a machine that has nothing of the server.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bareEnvironment } from '../_environment.ts';
import type { Outcome } from '../cli/_cli.ts';

const CLI = fileURLToPath(new URL('../../src/cli.ts', import.meta.url));

export interface DeveloperMachine {
  /** An empty directory to work in. */
  directory: string;
  credentialsPath: string;
  /** Runs `gatehouse <args>` there. */
  run(args: string[]): Promise<Outcome>;
  /** Begins to sign in; `browse` opens the address that the command prints. */
  login(args: string[], browse: (url: string) => Promise<unknown>): Promise<Outcome>;
  /** Runs a line in a shell there. */
  shell(line: string): Promise<Outcome>;
  remove(): void;
}

/** A machine of its own: a home, and no variable but PATH. */
export function developerMachine(): DeveloperMachine {
  const directory = mkdtempSync(join(tmpdir(), 'gatehouse-developer-'));
  const config = join(directory, 'config');
  const env = { ...bareEnvironment(), HOME: directory, XDG_CONFIG_HOME: config };

  const start = (
    command: string,
    args: string[],
    onError: (text: string) => void = () => undefined,
  ) =>
    new Promise<Outcome>((resolve) => {
      const child = spawn(command, args, { cwd: directory, env });
      const outcome = { stdout: '', stderr: '' };
      child.stdout.on('data', (chunk) => (outcome.stdout += chunk));
      child.stderr.on('data', (chunk) => {
        outcome.stderr += chunk;
        onError(outcome.stderr);
      });
      child.once('close', (code) => resolve({ code: code ?? -1, ...outcome }));
      child.stdin.end();
    });

  return {
    directory,
    credentialsPath: join(config, 'gatehouse', 'credentials.json'),
    run: (args) => start(process.execPath, ['--', CLI, ...args]),
    async login(args, browse) {
      let browsing: Promise<unknown> | undefined;
      const outcome = await start(
        process.execPath,
        [CLI, 'login', '--no-browser', ...args],
        (text) => {
          const [url] = /https?:\S+\/authorize\?\S+(?=\s)/.exec(text) ?? [];
          if (url) browsing ??= browse(url);
        },
      );
      await browsing;
      return outcome;
    },
    shell: (line) => start('/bin/sh', ['-c', line]),
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}
