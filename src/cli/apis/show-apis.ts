// apis show, apis list, and an API as --json shows it.
import type { z } from 'zod';
import { loadApi } from '../../catalog/change-api.ts';
import { type Api, listApis } from '../../storage/apis.ts';
import { findGroupsById } from '../../storage/groups.ts';
import type { jsonOption } from '../list-options.ts';
import { withInstallation } from '../open.ts';
import { formatTime, printFields, printJson, printTable } from '../print.ts';

/** Shows one API. */
export async function runShow(name: string, { json }: z.infer<typeof jsonOption>): Promise<void> {
  const { api, group } = await withInstallation(async ({ db }) => {
    const found = await loadApi(db, name);
    const [owner] = found.ownerGroupId ? await findGroupsById(db, [found.ownerGroupId]) : [];
    return { api: found, group: owner?.name };
  });
  if (json) return printJson({ ...describeApi(api), owner_group: group ?? null });
  printApi(api, group);
}

/** Lists the APIs. */
export async function runList({ json }: z.infer<typeof jsonOption>): Promise<void> {
  const apis = await withInstallation(({ db }) => listApis(db));
  if (json) return printJson(apis.map(describeApi));
  printTable(
    ['NAME', 'ENVIRONMENT', 'RESOURCE', 'AUDIENCE', 'ALG', 'SCOPES', 'STATE'],
    apis.map((api) => [
      api.name,
      api.environment,
      api.resource,
      api.audience === api.resource ? 'same' : api.audience,
      api.alg,
      api.scopes.map(({ name }) => name).join(' '),
      api.suspendedAt ? 'suspended' : '',
    ]),
    'There are no APIs yet: `gatehouse apis create --help` shows how to register one.',
  );
}

/** Prints an API; `group` looks after it. */
export function printApi(api: Api, group?: string): void {
  printFields([
    ['id', api.id],
    ['name', api.name],
    ['environment', api.environment],
    ['resource', api.resource],
    ['audience', api.audience],
    ['scopes', api.scopes.flatMap(describeScope)],
    ['signed with', `${api.alg}, typ ${api.typ}`],
    ['lifetime', `${api.tokenLifetime} seconds`],
    ['claims', api.claims.join(' ') || '-'],
    ['reuse', api.reuseSeconds > 0 ? `${api.reuseSeconds} seconds` : '-'],
    ['example', api.exampleUrl ?? '-'],
    ...(group ? [['owner group', group] as [string, string]] : []),
    ...(api.suspendedAt ? [['suspended', formatTime(api.suspendedAt)] as [string, string]] : []),
  ]);
}

function describeScope({ name, description, texts }: Api['scopes'][number]): string[] {
  return [
    `${name}: ${description}`,
    ...Object.entries(texts).map(([language, text]) => `  ${language}: ${text}`),
  ];
}

/** An API as --json shows it. */
export function describeApi(api: Api) {
  const { id, name, environment, resource, audience, alg, typ, claims, scopes } = api;
  return {
    ...{ id, name, environment, resource, audience, alg, typ },
    token_lifetime: api.tokenLifetime,
    claims,
    scopes,
    client_id: api.clientId ?? null,
    owner_group_id: api.ownerGroupId ?? null,
    example_url: api.exampleUrl ?? null,
    reuse_seconds: api.reuseSeconds,
    suspended_at: api.suspendedAt ?? null,
  };
}
