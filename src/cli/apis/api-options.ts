// What apis create and apis update were called with.
import { z } from 'zod';
import {
  ENVIRONMENTS,
  EXTRA_CLAIMS,
  SIGNING_ALGS,
  TOKEN_TYPES,
} from '../../catalog/api-request.ts';
import { UsageError } from '../../errors.ts';
import type { NewApi } from '../../storage/apis.ts';
import { scopeTextValue, scopeValue } from './api-values.ts';

const claims = z.array(z.enum(EXTRA_CLAIMS));
const extras = {
  scopeText: z.array(scopeTextValue).default([]),
  reuse: z.number().optional(),
  json: z.boolean().default(false),
};

export const createOptions = z.object({
  ...extras,
  name: z.string(),
  resource: z.string(),
  audience: z.string().optional(),
  environment: z.enum(ENVIRONMENTS),
  scope: z.array(scopeValue),
  alg: z.enum(SIGNING_ALGS),
  typ: z.enum(TOKEN_TYPES),
  lifetime: z.number(),
  claim: claims.default([]),
  ownerGroup: z.string().optional(),
  exampleUrl: z.string().optional(),
});

// `--no-...` makes an option true where it was not given, and false where it was.
const optional = z.union([z.string(), z.boolean()]).optional();
export const updateOptions = z.object({
  ...extras,
  name: z.string().optional(),
  audience: z.string().optional(),
  scope: z.array(scopeValue).default([]),
  removeScope: z.array(z.string()).default([]),
  alg: z.enum(SIGNING_ALGS).optional(),
  typ: z.enum(TOKEN_TYPES).optional(),
  lifetime: z.number().optional(),
  claim: claims.optional(),
  claims: z.boolean().default(true),
  ownerGroup: optional,
  exampleUrl: optional,
});

type Scopes = NewApi['scopes'];

/**
 * The scopes that there will be: those that there are, without the removed ones, with new ones and new
 * texts. Throws a UsageError for a scope that is none.
 */
export function mergeScopes(
  before: Scopes,
  {
    scope,
    scopeText,
    removeScope = [],
  }: Pick<z.infer<typeof createOptions>, 'scope' | 'scopeText'> & { removeScope?: string[] },
): Scopes {
  const scopes = new Map(before.map((one) => [one.name, one]));
  for (const name of removeScope) if (!scopes.delete(name)) throw unknown(name);
  expectOnce(scope.map(({ name }) => name));
  for (const { name, description } of scope)
    scopes.set(name, { ...scopes.get(name), name, description });
  for (const { name, language, description } of scopeText) {
    const found = scopes.get(name);
    if (!found) throw unknown(name);
    scopes.set(name, { ...found, texts: { ...found.texts, [language]: description } });
  }
  return [...scopes.values()];
}

function expectOnce(names: string[]): void {
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice) throw new UsageError(`the scope ${twice} is given twice`);
}

function unknown(name: string): UsageError {
  return new UsageError(`The API has no scope ${name}.`);
}
