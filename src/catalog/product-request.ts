// What a product may be: our policy, which registering and changing share.
import { z } from 'zod';
import { AppError, invalidRequest } from '../errors.ts';
import { listApis } from '../storage/apis.ts';
import type { Database } from '../storage/database.ts';
import { findGroupsById } from '../storage/groups.ts';
import type { NewProduct } from '../storage/products.ts';
import { findQuotaClass } from '../storage/quota-classes.ts';

export const APPROVALS = ['automatic', 'person', 'webhook', 'delegation'] as const;

// Line breaks and tabs are fine in long texts, other control characters are not.
const longText = (what: string, most: number) =>
  z
    .string()
    .trim()
    .max(most, `the ${what} must have at most ${most} characters`)
    .regex(/^[^\p{Cc}]*(?:[\t\r\n][^\p{Cc}]*)*$/u, `the ${what} must hold no control characters`);

const productRequest = z.object({
  name: z
    .string()
    .trim()
    .regex(/^\P{C}{1,100}$/u, 'the name must have 1 to 100 characters and no control characters'),
  description: longText('description', 2000),
  ownerGroupId: z.string().optional(),
  approval: z.enum(APPROVALS, `the approval must be one of ${APPROVALS.join(', ')}`),
  quotaClass: z.string().optional(),
  terms: longText('terms', 20_000).min(1, 'the terms must not be empty').optional(),
  lifetimeDays: z
    .int('the lifetime must be a whole number of days')
    .min(1, 'the lifetime must be at least one day')
    .max(3650, 'the lifetime must be at most 3650 days')
    .optional(),
  scopes: z
    .array(z.object({ apiId: z.string(), scope: z.string() }))
    .min(1, 'a product needs at least one scope')
    .max(200, 'a product has at most 200 scopes'),
  groupIds: z.array(z.string()).max(100, 'a product is shown to at most 100 groups'),
});

/** Reads what a product is to be. Throws 400 that says all that is wrong, 404 for what it names in vain. */
export async function readProduct(db: Database, request: NewProduct): Promise<NewProduct> {
  const { success, data, error } = productRequest.safeParse(request);
  if (!success) throw invalidRequest(error.issues.map(({ message }) => message).join('; '));
  const scopes = new Map(data.scopes.map((one) => [`${one.apiId} ${one.scope}`, one]));
  const product: NewProduct = {
    ...data,
    ownerGroupId: data.ownerGroupId,
    quotaClass: data.quotaClass,
    terms: data.terms,
    lifetimeDays: data.lifetimeDays,
    scopes: [...scopes.values()],
    groupIds: [...new Set(data.groupIds)],
  };
  await expectKnown(db, product);
  return product;
}

async function expectKnown(db: Database, product: NewProduct): Promise<void> {
  const apis = await listApis(db);
  const unknown = product.scopes.find(
    ({ apiId, scope }) =>
      !apis.some(({ id, scopes }) => id === apiId && scopes.some(({ name }) => name === scope)),
  );
  if (unknown) throw missing(`There is no scope ${unknown.scope} of an API ${unknown.apiId}.`);
  const { quotaClass, ownerGroupId, groupIds } = product;
  if (quotaClass !== undefined && !(await findQuotaClass(db, quotaClass)))
    throw missing(
      `There is no quota class ${quotaClass}: \`gatehouse quota-classes set\` makes one.`,
    );
  const groups = [...groupIds, ...(ownerGroupId === undefined ? [] : [ownerGroupId])];
  const found = await findGroupsById(db, groups);
  const lost = groups.find((group) => !found.some(({ id }) => id === group));
  if (lost) throw missing(`There is no group ${lost}.`);
}

function missing(sentence: string): AppError {
  return new AppError(404, 'not_found', sentence);
}
