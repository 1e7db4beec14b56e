// products create, update, retire, restore.
import { readFile } from 'node:fs/promises';
import type { z } from 'zod';
import { loadGroups } from '../../accounts/groups.ts';
import {
  changeProduct,
  loadProduct,
  registerProduct,
  restoreProduct,
  retireProduct,
} from '../../catalog/products.ts';
import { UsageError } from '../../errors.ts';
import { listApis } from '../../storage/apis.ts';
import type { Database } from '../../storage/database.ts';
import type { NewProduct } from '../../storage/products.ts';
import type { jsonOption } from '../list-options.ts';
import { OPERATOR, withInstallation } from '../open.ts';
import { printJson } from '../print.ts';
import { type createOptions, type ProductOptions, readScopes } from './product-options.ts';
import { describeProduct, loadProductView, printProduct } from './show-products.ts';

/** Creates a product. */
export async function runCreate(options: z.infer<typeof createOptions>): Promise<void> {
  const view = await withInstallation(async ({ db }) => {
    const given = await toChange(db, options);
    const product: NewProduct = {
      ...{ name: options.name, description: '', approval: options.approval },
      ...{ ownerGroupId: undefined, quotaClass: undefined, terms: undefined },
      ...{ lifetimeDays: undefined, scopes: [], groupIds: [] },
      ...given,
    };
    const id = await registerProduct(db, product, OPERATOR);
    return loadProductView(db, await loadProduct(db, id));
  });
  if (options.json) return printJson(describeProduct(view));
  printProduct(view);
}

/** Changes a product. */
export async function runUpdate(name: string, options: ProductOptions): Promise<void> {
  const view = await withInstallation(async ({ db }) => {
    const product = await loadProduct(db, name);
    const change = await toChange(db, options);
    if (Object.keys(change).length === 0)
      throw new UsageError('Nothing to change: --help shows the options.');
    await changeProduct(db, product, change, OPERATOR);
    return loadProductView(db, await loadProduct(db, product.id));
  });
  if (options.json) return printJson(describeProduct(view));
  printProduct(view);
}

/** Retires or restores a product. */
export async function runRetire(
  verb: 'retire' | 'restore',
  name: string,
  { json }: z.infer<typeof jsonOption>,
): Promise<void> {
  const product = await withInstallation(async ({ db }) => {
    const found = await loadProduct(db, name);
    await (verb === 'retire' ? retireProduct : restoreProduct)(db, found, OPERATOR);
    return found;
  });
  if (json) return printJson({ id: product.id, name: product.name, retired: verb === 'retire' });
  process.stdout.write(
    verb === 'retire'
      ? `${product.name} takes no new subscriptions. Those that there are go on.\n`
      : `${product.name} can be subscribed to again.\n`,
  );
}

// What was given. What `--no-...` takes away is there as undefined.
async function toChange(db: Database, options: ProductOptions): Promise<Partial<NewProduct>> {
  const { name, description, approval, terms, quotaClass, lifetime, ownerGroup, visibleTo } =
    options;
  const scopes = readScopes(await listApis(db), options);
  return {
    ...(name === undefined ? {} : { name }),
    ...(description === undefined ? {} : { description }),
    ...(approval === undefined ? {} : { approval }),
    ...(scopes === undefined ? {} : { scopes }),
    ...given('quotaClass', quotaClass),
    ...given('lifetimeDays', lifetime),
    ...given('terms', typeof terms === 'string' ? await readText(terms) : terms),
    ...given(
      'ownerGroupId',
      typeof ownerGroup === 'string' ? (await groupIds(db, [ownerGroup]))[0] : ownerGroup,
    ),
    ...(Array.isArray(visibleTo) ? { groupIds: await groupIds(db, visibleTo) } : {}),
    ...(visibleTo === false ? { groupIds: [] } : {}),
  };
}

function given<K extends keyof NewProduct>(
  key: K,
  option: NewProduct[K] | boolean | undefined,
): Partial<NewProduct> {
  if (option === undefined || option === true) return {};
  return { [key]: option === false ? undefined : option };
}

async function groupIds(db: Database, names: string[]): Promise<string[]> {
  return (await loadGroups(db, names)).map(({ id }) => id);
}

async function readText(file: string): Promise<string> {
  return readFile(file, 'utf8').catch(() => {
    throw new UsageError(`${file} cannot be read.`);
  });
}
