// The tokens of a signed-in developer: one entry for each server, readable by the owner only.
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import { readDeveloperConfig } from '../../config.ts';
import { UsageError } from '../../errors.ts';
import { withFileLock } from '../../storage/embedded/file-lock.ts';

const entry = z.object({
  access_token: z.string(),
  /** In seconds since 1970. */
  expires_at: z.number(),
  refresh_token: z.string(),
  scope: z.string(),
});
const file = z.record(z.string(), entry);

export type Credentials = z.infer<typeof entry>;

/** What is kept, by issuer. Throws a UsageError for a file that is not ours. */
export function readCredentials(): Record<string, Credentials> {
  const { credentialsPath: path } = readDeveloperConfig();
  const text = readText(path);
  if (text === undefined) return {};
  try {
    return file.parse(JSON.parse(text));
  } catch (cause) {
    throw new UsageError(`${path} cannot be understood: delete it and sign in again.`, { cause });
  }
}

/**
 * Changes the entry of one issuer (undefined removes it) while no other command does, and returns
 * it: two commands that refresh at once do so one after the other.
 */
export async function changeCredentials(
  issuer: string,
  change: (before: Credentials | undefined) => Promise<Credentials | undefined>,
): Promise<Credentials | undefined> {
  const { credentialsPath: path } = readDeveloperConfig();
  createDirectory(dirname(path));
  return withFileLock(`${path}.lock`, async () => {
    const before = readCredentials()[issuer];
    const after = await change(before);
    if (after !== before) write(path, issuer, after);
    return after;
  });
}

function write(path: string, issuer: string, credentials: Credentials | undefined): void {
  const { [issuer]: _, ...others } = readCredentials();
  const all = credentials ? { ...others, [issuer]: credentials } : others;
  // In one step: a reader sees the old file or the new one, and never one that others may read.
  writeFileSync(`${path}.new`, `${JSON.stringify(all, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

function createDirectory(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new UsageError(
      `${directory} cannot be created: set XDG_CONFIG_HOME to a directory that can be written.`,
      { cause },
    );
  }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
