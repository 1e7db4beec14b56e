// A .env file that a program reads: our lines are added or replaced, all others stay as they are.
import {
  accessSync,
  constants,
  existsSync,
  readFileSync,
  realpathSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { dirname, resolve } from 'node:path';
import { UsageError } from '../../errors.ts';

export interface EnvFile {
  path: string;
  /** Writes the variables, readable by the owner only. */
  write(values: Record<string, string>): void;
}

/**
 * Opens a file for variables of these names before there is anything to lose. Throws a UsageError
 * when it has one of them already, unless forced, or cannot be written.
 */
export function openEnvFile(path: string, names: string[], force: boolean): EnvFile {
  const target = existsSync(path) ? realpathSync(path) : resolve(path);
  const before = read(target);
  const lines = before.split('\n');
  const taken = names.filter((name) => lines.some((line) => nameOf(line) === name));
  if (taken.length > 0 && !force)
    throw new UsageError(
      `${path} has ${taken.join(', ')} already: choose another file, or replace them with --force.`,
    );
  expectWritable(target, path);
  return {
    path,
    write(values) {
      const kept = lines.filter((line) => !names.includes(nameOf(line) ?? ''));
      while (kept.at(-1) === '') kept.pop();
      const added = Object.entries(values).map(([name, value]) => `${name}=${quote(value)}`);
      writeFileSync(`${target}.new`, `${[...kept, ...added].join('\n')}\n`, { mode: 0o600 });
      renameSync(`${target}.new`, target);
    },
  };
}

/** A value as shells and readers of .env files agree on it. */
export function quote(value: string): string {
  if (/^[A-Za-z0-9_.~:/@%+,-]+$/.test(value)) return value;
  if (value.includes("'") || /\p{C}/u.test(value))
    throw new UsageError(`${value} cannot be written into a .env file that every program reads.`);
  return `'${value}'`;
}

function nameOf(line: string): string | undefined {
  return /^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=/.exec(line)?.[1];
}

function read(path: string): string {
  try {
    return existsSync(path) ? readFileSync(path, 'utf8') : '';
  } catch (cause) {
    throw new UsageError(`${path} cannot be read: choose another file.`, { cause });
  }
}

function expectWritable(target: string, path: string): void {
  try {
    accessSync(dirname(target), constants.W_OK);
  } catch (cause) {
    throw new UsageError(`${path} cannot be written there: choose another directory.`, { cause });
  }
}
