// The catalog of APIs as the protocol sees it: by resource indicator, by audience, by scope.
import { type Api, listApis } from '../storage/apis.ts';
import { cacheUntilChanged } from '../storage/cache.ts';
import type { Changes } from '../storage/changes.ts';
import type { Database } from '../storage/database.ts';

export type { Api, SigningAlg } from '../storage/apis.ts';

export interface Catalog {
  all(): Promise<Api[]>;
}

/** The APIs of this installation, kept in memory until one changes. */
export function createCatalog(deps: { db: Database; changes: Changes }): Catalog {
  const load = cacheUntilChanged({
    changes: deps.changes,
    topic: 'apis',
    maxEntries: 1,
    load: () => listApis(deps.db),
  });
  return { all: () => load('all') };
}

/** Finds the API that a `resource` or `audience` value names: the indicator first, else the audience. */
export function findApi(apis: Api[], name: string): Api | undefined {
  return apis.find((api) => api.resource === name) ?? apis.find((api) => api.audience === name);
}
