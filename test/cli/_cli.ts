// Runs the real command line as a child process, with an environment of its own.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { SECRET_VARIABLES, type ServerConfig } from '../../src/config.ts';
import { bareEnvironment } from '../_environment.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export interface Outcome {
  code: number;
  stdout: string;
  stderr: string;
}

export type Environment = Record<string, string>;

/** Runs `gatehouse <args>` with exactly these variables beside PATH. */
export function run(args: string[], env: Environment = {}, stdin = ''): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      ['src/cli.ts', ...args],
      { cwd: ROOT, env: { ...bareEnvironment(), ...env } },
      (error, stdout, stderr) => {
        const code = error ? Number(error.code ?? -1) : 0;
        resolve({ code, stdout, stderr });
      },
    );
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(stdin);
  });
}

/** Runs a command with --json and returns what it printed. Throws when it fails. */
export async function runJson<T = Record<string, unknown>>(
  args: string[],
  env: Environment,
  stdin = '',
): Promise<T> {
  const { code, stdout, stderr } = await run([...args, '--json'], env, stdin);
  if (code !== 0) throw new Error(`gatehouse ${args.join(' ')} ended with ${code}: ${stderr}`);
  return JSON.parse(stdout);
}

/** The variables under which a server of this configuration runs. */
export function environmentOf(
  config: Pick<ServerConfig, 'issuer' | 'databaseUrl' | 'secrets'>,
): Environment {
  const { cookieKeys, encryptionKeys, passwordPeppers, hashKeys } = config.secrets;
  const text = (keys: Buffer[]) => keys.map((key) => key.toString('base64url')).join(',');
  return {
    GATEHOUSE_ISSUER: config.issuer,
    DATABASE_URL: config.databaseUrl,
    [SECRET_VARIABLES.cookieKeys]: cookieKeys.join(','),
    [SECRET_VARIABLES.encryptionKeys]: text(encryptionKeys),
    [SECRET_VARIABLES.passwordPeppers]: text(passwordPeppers),
    [SECRET_VARIABLES.hashKeys]: text(hashKeys),
  };
}
