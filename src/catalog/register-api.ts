// Registering an API: our policy first, then its signing key, then one transaction.
import { AppError } from '../errors.ts';
import { insertApi, listApis, type NewApi } from '../storage/apis.ts';
import type { Database } from '../storage/database.ts';
import { readApi } from './api-request.ts';
import type { SigningAlg } from './apis.ts';

export interface ApiDeps {
  db: Database;
  /** Makes sure that a key of the algorithm exists before the API can be asked for. */
  ensureSigningKey(alg: SigningAlg): Promise<void>;
}

/**
 * Creates an API with its scopes and returns its id.
 * Throws 400 that says what is wrong, 409 when another API has the resource or audience.
 */
export async function registerApi(deps: ApiDeps, request: NewApi): Promise<string> {
  const api = readApi(request);
  await expectUnique(deps.db, api);
  await deps.ensureSigningKey(api.alg);
  return insertApi(deps.db, api).catch((cause) => {
    throw cause.code === '23505'
      ? conflict('another API has this resource or audience', cause)
      : cause;
  });
}

/**
 * Throws 409 when an API, other than the one of that id, has the resource or audience: a name that is
 * one API's resource and another's audience would name two APIs in a request.
 */
export async function expectUnique(db: Database, api: NewApi, id?: string): Promise<void> {
  const taken = (await listApis(db)).find(
    (other) =>
      other.id !== id &&
      [other.resource, other.audience].some((name) => [api.resource, api.audience].includes(name)),
  );
  if (taken)
    throw conflict(
      `the API ${taken.name} (${taken.resource}) has this resource or audience already`,
    );
}

function conflict(message: string, cause?: unknown): AppError {
  return new AppError(409, 'conflict', message, { cause });
}
