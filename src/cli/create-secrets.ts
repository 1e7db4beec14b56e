// The secrets of a production server: 32 random bytes each, in the form that readConfig accepts.
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SECRET_VARIABLES } from '../config.ts';
import { UsageError } from '../errors.ts';

/** New values for the variables of the configuration: [name, base64url]. */
export function createSecrets(): [name: string, value: string][] {
  return Object.values(SECRET_VARIABLES).map((name) => [name, createSecret()]);
}

/**
 * Writes one file each, with the password of the database, readable by its owner only.
 * Returns the paths. Throws a UsageError when one exists: overwriting it would lose what it opens.
 */
export function writeSecretFiles(directory: string): string[] {
  const files: [path: string, value: string][] = createSecrets().map(([name, value]) => [
    join(directory, name.replace('GATEHOUSE_', '').toLowerCase()),
    value,
  ]);
  files.push([join(directory, 'database_password'), createSecret()]);
  const existing = files.map(([path]) => path).filter((path) => existsSync(path));
  if (existing.length > 0) {
    throw new UsageError(
      `Nothing was written, for ${existing.join(' and ')} exists: choose another directory, or move the old secrets away if no server needs them any more.`,
    );
  }
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    for (const [path, value] of files) writeFileSync(path, value, { flag: 'wx', mode: 0o600 });
  } catch (cause) {
    throw new UsageError(
      `The secrets cannot be written (${cause instanceof Error ? cause.message : cause}): choose a directory that can be.`,
    );
  }
  return files.map(([path]) => path);
}

function createSecret(): string {
  return randomBytes(32).toString('base64url');
}
