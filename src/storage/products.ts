// Products: bundles of API scopes that applications subscribe to.
import { randomBytes } from 'node:crypto';
import type { Knex } from 'knex';
import type { Database } from './database.ts';

export type Approval = 'automatic' | 'person' | 'webhook' | 'delegation';

export interface Product {
  id: string;
  name: string;
  description: string;
  /** Who decides, besides administrators. */
  ownerGroupId: string | undefined;
  approval: Approval;
  quotaClass: string | undefined;
  terms: string | undefined;
  /** Days that an active subscription lasts. */
  lifetimeDays: number | undefined;
  retiredAt: Date | undefined;
  createdAt: Date;
  scopes: { apiId: string; scope: string }[];
  /** Who sees it; none: everybody who is signed in. */
  groupIds: string[];
}

export type NewProduct = Omit<Product, 'id' | 'retiredAt' | 'createdAt'>;

/** Creates a product. Throws the database's unique violation (23505) for a known name. */
export async function insertProduct(db: Database, product: NewProduct): Promise<string> {
  const id = `prd_${randomBytes(12).toString('hex')}`;
  const query = await db.write();
  await query('products').insert({ id, ...productColumns(product) });
  await insertProductParts(query, id, product);
  return id;
}

/** What may change of a product, as its columns. */
export function productColumns(product: NewProduct) {
  return {
    name: product.name,
    description: product.description,
    owner_group_id: product.ownerGroupId ?? null,
    approval: product.approval,
    quota_class: product.quotaClass ?? null,
    terms: product.terms ?? null,
    lifetime_days: product.lifetimeDays ?? null,
  };
}

/** Writes the scopes of a product, and the groups that see it. */
export async function insertProductParts(
  query: Knex,
  id: string,
  { scopes, groupIds }: NewProduct,
): Promise<void> {
  if (scopes.length > 0)
    await query('product_scopes').insert(
      scopes.map(({ apiId, scope }) => ({ product_id: id, api_id: apiId, scope })),
    );
  if (groupIds.length > 0)
    await query('product_groups').insert(
      groupIds.map((groupId) => ({ product_id: id, group_id: groupId })),
    );
}

/** The product of an id, whoever asks. */
export async function findProduct(db: Database, id: string): Promise<Product | undefined> {
  if (!/^prd_[0-9a-f]{1,60}$/.test(id)) return undefined;
  const rows = await selectProducts(await db.query()).where('products.id', id);
  return rows.map(toProduct)[0];
}

/** The product of an id if the account may see it. */
export async function findVisibleProduct(
  db: Database,
  accountId: string,
  id: string,
): Promise<Product | undefined> {
  if (!/^prd_[0-9a-f]{1,60}$/.test(id)) return undefined;
  const rows = await selectProducts(await db.query())
    .where('products.id', id)
    .modify(visibleTo, accountId);
  return rows.map(toProduct)[0];
}

/** Those of some products that an account may see, by name. */
export async function findVisibleProducts(
  db: Database,
  accountId: string,
  ids: string[],
): Promise<Product[]> {
  const rows = await selectProducts(await db.query())
    .whereIn('products.id', ids)
    .modify(visibleTo, accountId)
    .orderByRaw('lower(name)');
  return rows.map(toProduct);
}

/** The products that an account may see, by name, at most `limit`, after the one named `after`. */
export async function listVisibleProducts(
  db: Database,
  accountId: string,
  page: { limit: number; after?: string | undefined; search?: string | undefined },
): Promise<Product[]> {
  const rows = await selectProducts(await db.query())
    .modify(visibleTo, accountId)
    .modify((builder) => {
      if (page.after !== undefined) builder.whereRaw('lower(name) > lower(?)', [page.after]);
      if (page.search)
        builder.whereRaw("strpos(lower(name || ' ' || description), lower(?)) > 0", [page.search]);
    })
    .orderByRaw('lower(name)')
    .limit(page.limit);
  return rows.map(toProduct);
}

/** The products that an account may see and that have a scope of this name, by name. */
export async function listVisibleProductsWith(
  db: Database,
  accountId: string,
  scope: string,
): Promise<Product[]> {
  const rows = await selectProducts(await db.query())
    .modify(visibleTo, accountId)
    .whereRaw(
      'EXISTS (SELECT 1 FROM product_scopes s WHERE s.product_id = products.id AND s.scope = ?)',
      [scope],
    )
    .orderByRaw('lower(name)')
    .limit(10);
  return rows.map(toProduct);
}

/** Products with their scopes and groups. */
export function selectProducts(query: Knex): Knex.QueryBuilder {
  return query('products').select(
    'products.*',
    query.raw(`(SELECT coalesce(json_agg(json_build_object('apiId', s.api_id, 'scope', s.scope)
      ORDER BY s.api_id, s.scope), '[]') FROM product_scopes s WHERE s.product_id = products.id) AS scopes`),
    query.raw(`(SELECT coalesce(json_agg(g.group_id), '[]')
      FROM product_groups g WHERE g.product_id = products.id) AS group_ids`),
  );
}

// Administrators see everything that can be subscribed to.
function visibleTo(builder: Knex.QueryBuilder, accountId: string): void {
  builder.whereNull('retired_at').whereRaw(
    `(NOT EXISTS (SELECT 1 FROM product_groups g WHERE g.product_id = products.id)
      OR EXISTS (SELECT 1 FROM product_groups g JOIN account_groups a ON a.group_id = g.group_id
        WHERE g.product_id = products.id AND a.account_id = ?)
      OR EXISTS (SELECT 1 FROM accounts WHERE id = ? AND 'admin' = ANY (roles)))`,
    [accountId, accountId],
  );
}

export interface ProductRow {
  id: string;
  name: string;
  description: string;
  owner_group_id: string | null;
  approval: Approval;
  quota_class: string | null;
  terms: string | null;
  lifetime_days: number | null;
  retired_at: Date | null;
  created_at: Date;
  scopes: Product['scopes'];
  group_ids: string[];
}

/** The product that such a row is. */
export function toProduct(row: ProductRow): Product {
  return {
    id: row.id,
    name: row.name,
    description: row.description,
    ownerGroupId: row.owner_group_id ?? undefined,
    approval: row.approval,
    quotaClass: row.quota_class ?? undefined,
    terms: row.terms ?? undefined,
    lifetimeDays: row.lifetime_days ?? undefined,
    retiredAt: row.retired_at ?? undefined,
    createdAt: row.created_at,
    scopes: row.scopes,
    groupIds: row.group_ids,
  };
}
