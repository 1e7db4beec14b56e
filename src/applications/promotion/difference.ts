// What production is in comparison with the sandbox: which APIs, which audiences, which scopes.
import type { Api } from '../../storage/apis.ts';
import type { Product } from '../../storage/products.ts';

export interface ApiSide {
  audience: string;
  scopes: string[];
}

/** An API in both environments, which are two APIs of one name. */
export interface ApiDifference {
  name: string;
  sandbox: ApiSide | undefined;
  production: ApiSide | undefined;
}

/** The APIs of some products, by name, as they are in each environment. */
export function differenceOf(apis: Api[], products: Pick<Product, 'scopes'>[]): ApiDifference[] {
  const wanted = products.flatMap(({ scopes }) => scopes);
  const byName = new Map<string, ApiDifference>();
  for (const api of apis) {
    const scopes = api.scopes
      .map(({ name }) => name)
      .filter((name) => wanted.some(({ apiId, scope }) => apiId === api.id && scope === name));
    if (scopes.length === 0) continue;
    const key = api.name.toLowerCase();
    const entry = byName.get(key) ?? { name: api.name, sandbox: undefined, production: undefined };
    const side = entry[api.environment];
    byName.set(key, {
      ...entry,
      // Two APIs of one name in one environment: each keeps its line.
      [api.environment]: side ? merge(side, api, scopes) : { audience: api.audience, scopes },
    });
  }
  return [...byName.values()].toSorted((a, b) => a.name.localeCompare(b.name));
}

function merge(side: ApiSide, api: Api, scopes: string[]): ApiSide {
  return {
    audience: `${side.audience} ${api.audience}`,
    scopes: [...new Set([...side.scopes, ...scopes])],
  };
}
