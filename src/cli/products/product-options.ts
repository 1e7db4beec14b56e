// What products create and products update were called with.
import { z } from 'zod';
import { findApi } from '../../catalog/apis.ts';
import { APPROVALS } from '../../catalog/product-request.ts';
import { UsageError } from '../../errors.ts';
import type { Api } from '../../storage/apis.ts';
import type { Product } from '../../storage/products.ts';

// `--no-...` makes an option true where it was not given, and false where it was.
const optional = <T extends z.ZodType>(value: T) => z.union([value, z.boolean()]).optional();
export const updateOptions = z.object({
  name: z.string().optional(),
  description: z.string().optional(),
  approval: z.enum(APPROVALS).optional(),
  api: z.array(z.string()).default([]),
  scope: z.array(z.string()).default([]),
  visibleTo: optional(z.array(z.string())),
  ownerGroup: optional(z.string()),
  quotaClass: optional(z.string()),
  terms: optional(z.string()),
  lifetime: optional(z.number()),
  json: z.boolean().default(false),
});
export const createOptions = updateOptions.extend({
  name: z.string(),
  approval: z.enum(APPROVALS),
});

export type ProductOptions = z.infer<typeof updateOptions>;

/**
 * The scopes that --api and --scope name; undefined: neither was given. Throws a UsageError that names
 * what is none.
 */
export function readScopes(
  apis: Api[],
  { api, scope }: Pick<ProductOptions, 'api' | 'scope'>,
): Product['scopes'] | undefined {
  if (api.length === 0 && scope.length === 0) return undefined;
  const named = [...new Set(api.map((name) => loadApi(apis, name)))];
  const bare = scope.filter((text) => !ownerOf(apis, text));
  const chosen = scope.flatMap((text) => ownerOf(apis, text) ?? []);
  const wrong = bare.find((name) => !named.some((one) => hasScope(one, name)));
  if (wrong !== undefined)
    throw new UsageError(
      named.length > 0
        ? `The scope ${wrong} is not one of the APIs named with --api.`
        : `Write ${wrong} with its API, such as https://api.example.com/orders:orders.read, or name the API with --api.`,
    );
  const ofNamed = named.flatMap((one) =>
    one.scopes
      .filter(({ name }) => bare.length === 0 || bare.includes(name))
      .map(({ name }) => ({ apiId: one.id, scope: name })),
  );
  return [...ofNamed, ...chosen];
}

// `<resource>:<scope>`. A resource holds colons, and so may a scope.
function ownerOf(apis: Api[], text: string): Product['scopes'][number] | undefined {
  for (const api of apis)
    for (const name of [api.resource, api.id]) {
      const scope = text.startsWith(`${name}:`) ? text.slice(name.length + 1) : undefined;
      if (scope !== undefined && hasScope(api, scope)) return { apiId: api.id, scope };
    }
  return undefined;
}

function hasScope(api: Api, scope: string): boolean {
  return api.scopes.some(({ name }) => name === scope);
}

function loadApi(apis: Api[], name: string): Api {
  const api = apis.find(({ id }) => id === name) ?? findApi(apis, name);
  if (api) return api;
  const known = apis.map(({ resource }) => resource).join(', ');
  throw new UsageError(`There is no API ${name}. The APIs are ${known || 'none'}.`);
}
