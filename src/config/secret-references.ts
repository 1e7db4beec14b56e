// Secrets of connectors, which their settings name and never hold. Read at each use: a secret that
// is replaced needs no restart.
import { readFileSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { UsageError } from '../errors.ts';

const VARIABLE = /^env:(GATEHOUSE_CONNECTOR_[A-Z0-9_]+)$/;

/** Reads what `env:GATEHOUSE_CONNECTOR_...` or `file:/...` refers to. Throws a UsageError when there is none. */
export function readSecretReference(
  reference: string,
  values: Record<string, string | undefined>,
): string {
  const [, variable] = VARIABLE.exec(reference) ?? [];
  if (variable !== undefined) {
    const secret = values[variable]?.trim();
    if (secret) return secret;
    throw new UsageError(`Set ${variable}: a connector takes its secret from it.`);
  }
  const path = reference.startsWith('file:') ? reference.slice('file:'.length) : '';
  if (!isAbsolute(path)) {
    // Somebody may have written the secret itself here: it is not repeated.
    throw new UsageError(
      'A secret is named by env:GATEHOUSE_CONNECTOR_... or file:/an/absolute/path.',
    );
  }
  const secret = readText(path);
  if (secret) return secret;
  throw new UsageError(`${path} is empty: a connector takes its secret from it.`);
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? ` (${error.code})` : '';
    throw new UsageError(`${path} cannot be read${code}: a connector takes its secret from it.`);
  }
}
