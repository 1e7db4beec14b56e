// apis create, update, suspend, resume, remove.
import type { z } from 'zod';
import { loadGroups } from '../../accounts/groups.ts';
import type { SigningAlg } from '../../catalog/apis.ts';
import {
  type ApiChange,
  changeApi,
  loadApi,
  removeApi,
  resumeApi,
  suspendApi,
} from '../../catalog/change-api.ts';
import { registerApi } from '../../catalog/register-api.ts';
import { UsageError } from '../../errors.ts';
import { ensureSigningKeys } from '../../oidc/keys/ensure-keys.ts';
import type { Api } from '../../storage/apis.ts';
import { insertAuditEvents } from '../../storage/audit-events.ts';
import type { jsonOption, reasonOption } from '../list-options.ts';
import { type Installation, OPERATOR, withInstallation } from '../open.ts';
import { printJson } from '../print.ts';
import { type createOptions, mergeScopes, type updateOptions } from './api-options.ts';
import { describeApi, printApi } from './show-apis.ts';

/** Registers an API. */
export async function runCreate(options: z.infer<typeof createOptions>): Promise<void> {
  const { json, name, resource, environment, alg, typ } = options;
  const api = await withInstallation(async (installation) => {
    const { db } = installation;
    const id = await registerApi(await apiDeps(installation), {
      ...{ name, resource, environment, alg, typ },
      audience: options.audience ?? resource,
      tokenLifetime: options.lifetime,
      claims: options.claim,
      scopes: mergeScopes([], options),
      ownerGroupId: await groupId(installation, options.ownerGroup),
      exampleUrl: options.exampleUrl,
      reuseSeconds: options.reuse ?? 0,
    });
    const detail = { by: OPERATOR, api: id, resource };
    await insertAuditEvents(db, [{ type: 'api.registered', detail }]);
    return loadApi(db, id);
  });
  if (json) return printJson(describeApi(api));
  printApi(api);
}

/** Changes an API. */
export async function runUpdate(
  name: string,
  options: z.infer<typeof updateOptions>,
): Promise<void> {
  const api = await withInstallation(async (installation) => {
    const before = await loadApi(installation.db, name);
    const change = await toChange(installation, before, options);
    if (Object.keys(change).length === 0)
      throw new UsageError('Nothing to change: --help shows the options.');
    await changeApi(await apiDeps(installation), before, change, OPERATOR);
    return loadApi(installation.db, before.id);
  });
  if (options.json) return printJson(describeApi(api));
  printApi(api);
}

async function toChange(
  installation: Installation,
  before: Api,
  options: z.infer<typeof updateOptions>,
): Promise<ApiChange> {
  const { name, audience, alg, typ, ownerGroup, exampleUrl } = options;
  const scopesChange = [options.scope, options.scopeText, options.removeScope].some(
    (list) => list.length > 0,
  );
  const given: ApiChange = {
    ...{ name, audience, alg, typ, claims: options.claims ? options.claim : [] },
    tokenLifetime: options.lifetime,
    reuseSeconds: options.reuse,
    ...(scopesChange ? { scopes: mergeScopes(before.scopes, options) } : {}),
  } as ApiChange;
  const change = Object.fromEntries(
    Object.entries(given).filter(([, value]) => value !== undefined),
  );
  return {
    ...change,
    ...(isGiven(ownerGroup) ? { ownerGroupId: await groupId(installation, ownerGroup) } : {}),
    ...(isGiven(exampleUrl) ? { exampleUrl: exampleUrl || undefined } : {}),
  };
}

/** True for a text and for `--no-...`. */
function isGiven(option: string | boolean | undefined): option is string | false {
  return typeof option === 'string' || option === false;
}

async function groupId(
  { db }: Installation,
  name: string | false | undefined,
): Promise<string | undefined> {
  if (!name) return undefined;
  const [group] = await loadGroups(db, [name]);
  return group?.id;
}

async function apiDeps({ db, secrets, keyTimes }: Installation) {
  const { encryptionKeys } = await secrets();
  return {
    db,
    ensureSigningKey: (alg: SigningAlg) =>
      ensureSigningKeys({ db, encryptionKeys, keyTimes }, [alg]),
  };
}

/** Stops tokens for an API. */
export async function runSuspend(
  name: string,
  { reason, json }: z.infer<typeof reasonOption>,
): Promise<void> {
  const api = await withInstallation(async ({ db }) => {
    const found = await loadApi(db, name);
    await suspendApi(db, found, OPERATOR, reason);
    return found;
  });
  if (json) return printJson({ id: api.id, suspended: true });
  process.stdout.write(
    `${api.resource} is suspended: no node issues tokens for it. Tokens that are out live until they expire.\n`,
  );
}

/** Lets tokens for an API be issued again. */
export async function runResume(name: string, { json }: z.infer<typeof jsonOption>): Promise<void> {
  const api = await withInstallation(async ({ db }) => {
    const found = await loadApi(db, name);
    await resumeApi(db, found, OPERATOR);
    return found;
  });
  if (json) return printJson({ id: api.id, suspended: false });
  process.stdout.write(`${api.resource} is resumed.\n`);
}

/** Removes an API. */
export async function runRemove(name: string, { json }: z.infer<typeof jsonOption>): Promise<void> {
  const api = await withInstallation(async ({ db }) => {
    const found = await loadApi(db, name);
    await removeApi(db, found, OPERATOR);
    return found;
  });
  if (json) return printJson({ id: api.id, removed: true });
  process.stdout.write(`${api.resource} is removed.\n`);
}
