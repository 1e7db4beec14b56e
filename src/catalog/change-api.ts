// Changing, suspending and removing an API. In the running unit of work.
import { AppError } from '../errors.ts';
import { type Api, listApis, type NewApi } from '../storage/apis.ts';
import { insertAuditEvents } from '../storage/audit-events.ts';
import { deleteApi, findScopeUses, setApiSuspended, updateApi } from '../storage/change-apis.ts';
import type { Database } from '../storage/database.ts';
import { readApi } from './api-request.ts';
import { findApi } from './apis.ts';
import { type ApiDeps, expectUnique } from './register-api.ts';

/** What may change: its resource and environment are what tokens and clients know it by. */
export type ApiChange = Partial<Omit<NewApi, 'resource' | 'environment'>>;

/** Finds an API by its id, resource or audience. Throws 404 that names those that there are. */
export async function loadApi(db: Database, name: string): Promise<Api> {
  const apis = await listApis(db);
  const api = apis.find(({ id }) => id === name) ?? findApi(apis, name);
  if (api) return api;
  const known = apis.map(({ resource }) => resource).join(', ');
  const hint = known ? `The APIs are ${known}.` : 'There are none yet.';
  throw new AppError(404, 'not_found', `There is no API ${name}. ${hint}`);
}

/**
 * Changes an API. `scopes`, where it is given, are all that it has from now on.
 * Throws 400 that says what is wrong, 409 for an audience of another API or a scope that is in use.
 */
export async function changeApi(
  deps: ApiDeps,
  api: Api,
  change: ApiChange,
  by: string,
): Promise<void> {
  const { id, clientId: _client, suspendedAt: _suspended, ...before } = api;
  const after = readApi({ ...before, ...change });
  await expectUnique(deps.db, after, id);
  const kept = after.scopes.map(({ name }) => name);
  const dropped = api.scopes.map(({ name }) => name).filter((name) => !kept.includes(name));
  if (dropped.length > 0) await expectUnused(deps.db, api, dropped);
  await deps.ensureSigningKey(after.alg);
  await updateApi(deps.db, id, after);
  await record(deps.db, 'api.changed', api, { by, changed: Object.keys(change) });
}

/** Stops tokens for the API on every node. Returns false when they were stopped already. */
export async function suspendApi(
  db: Database,
  api: Api,
  by: string,
  reason: string,
): Promise<boolean> {
  const changed = await setApiSuspended(db, api.id, true);
  if (changed) await record(db, 'api.suspended', api, { by, reason });
  return changed;
}

/** Lets tokens for the API be issued again. Returns false when they were. */
export async function resumeApi(db: Database, api: Api, by: string): Promise<boolean> {
  const changed = await setApiSuspended(db, api.id, false);
  if (changed) await record(db, 'api.resumed', api, { by });
  return changed;
}

/** Removes an API that nobody may call any more. Throws 409 that names who still may. */
export async function removeApi(db: Database, api: Api, by: string): Promise<void> {
  const scopes = api.scopes.map(({ name }) => name);
  await expectUnused(db, api, scopes);
  await deleteApi(db, api.id);
  await record(db, 'api.removed', api, { by });
}

async function expectUnused(db: Database, api: Api, scopes: string[]): Promise<void> {
  const { products, clients } = await findScopeUses(db, api, scopes);
  const users = [
    ...products.map((name) => `the product ${name}`),
    ...clients.map((name) => `the client ${name}`),
  ];
  if (users.length === 0) return;
  throw new AppError(
    409,
    'conflict',
    `${scopes.join(', ')} of ${api.resource} ${scopes.length === 1 ? 'is' : 'are'} in use: ${users.join(', ')}. Take it from them first.`,
  );
}

function record(db: Database, type: string, api: Api, detail: Record<string, unknown>) {
  const named = { api: api.id, resource: api.resource };
  return insertAuditEvents(db, [{ type, detail: { ...named, ...detail } }]);
}
