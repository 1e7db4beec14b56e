// products show, products list, and a product as --json shows it.
import type { z } from 'zod';
import { loadProduct } from '../../catalog/products.ts';
import { listApis } from '../../storage/apis.ts';
import { listProducts } from '../../storage/change-products.ts';
import type { Database } from '../../storage/database.ts';
import { findGroupsById } from '../../storage/groups.ts';
import type { Product } from '../../storage/products.ts';
import type { jsonOption, listOptions } from '../list-options.ts';
import { withInstallation } from '../open.ts';
import { formatTime, note, printFields, printJson, printTable } from '../print.ts';

/** A product with the names of what it refers to. */
export interface ProductView {
  product: Product;
  scopes: { api: string; scope: string }[];
  ownerGroup: string | undefined;
  groups: string[];
}

/** Shows one product. */
export async function runShow(name: string, { json }: z.infer<typeof jsonOption>): Promise<void> {
  const view = await withInstallation(async ({ db }) =>
    loadProductView(db, await loadProduct(db, name)),
  );
  if (json) return printJson(describeProduct(view));
  printProduct(view);
}

/** Lists products. */
export async function runList({ json, limit }: z.infer<typeof listOptions>): Promise<void> {
  const views = await withInstallation(async ({ db }) => {
    const found = await listProducts(db, limit + 1);
    return Promise.all(found.map((product) => loadProductView(db, product)));
  });
  const shown = views.slice(0, limit);
  if (views.length > limit) note(`There are more than ${limit}: --limit shows more.`);
  if (json) return printJson(shown.map(describeProduct));
  printTable(
    ['ID', 'NAME', 'APPROVAL', 'QUOTA CLASS', 'SCOPES', 'STATE'],
    shown.map(({ product, scopes }) => [
      product.id,
      product.name,
      product.approval,
      product.quotaClass ?? '',
      [...new Set(scopes.map(({ scope }) => scope))].join(' '),
      product.retiredAt ? 'retired' : '',
    ]),
    'There are no products yet: `gatehouse products create --help` shows how to make one.',
  );
}

/** Loads the names of what a product refers to. */
export async function loadProductView(db: Database, product: Product): Promise<ProductView> {
  const { ownerGroupId, groupIds } = product;
  const apis = await listApis(db);
  const groups = await findGroupsById(db, [...groupIds, ...(ownerGroupId ? [ownerGroupId] : [])]);
  return {
    product,
    scopes: product.scopes.map(({ apiId, scope }) => ({
      api: apis.find(({ id }) => id === apiId)?.resource ?? apiId,
      scope,
    })),
    ownerGroup: groups.find(({ id }) => id === ownerGroupId)?.name,
    groups: groups.filter(({ id }) => groupIds.includes(id)).map(({ name }) => name),
  };
}

/** Prints a product. */
export function printProduct({ product, scopes, ownerGroup, groups }: ProductView): void {
  const { id, name, description, approval, quotaClass, lifetimeDays, terms, retiredAt } = product;
  printFields([
    ['id', id],
    ['name', name],
    ['description', description || '-'],
    ['scopes', scopes.map(({ api, scope }) => `${api}:${scope}`)],
    ['approval', approval],
    ['decided by', ownerGroup ?? 'administrators, and the owner groups of its APIs'],
    ['visible to', groups.length > 0 ? groups : 'everybody who is signed in'],
    ['quota class', quotaClass ?? '-'],
    ['lifetime', lifetimeDays ? `${lifetimeDays} days` : '-'],
    ['terms', terms ? `${terms.length} characters` : '-'],
    ...(retiredAt ? [['retired', formatTime(retiredAt)] as [string, string]] : []),
  ]);
}

/** A product as --json shows it. */
export function describeProduct({ product, scopes, ownerGroup, groups }: ProductView) {
  const { id, name, description, approval } = product;
  return {
    ...{ id, name, description, approval, scopes },
    owner_group: ownerGroup ?? null,
    visible_to: groups,
    quota_class: product.quotaClass ?? null,
    lifetime_days: product.lifetimeDays ?? null,
    terms: product.terms ?? null,
    retired_at: product.retiredAt ?? null,
    created_at: product.createdAt,
  };
}
