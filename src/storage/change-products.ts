// Changing and retiring products, and finding them for those who manage them.
import { announce } from './changes.ts';
import type { Database } from './database.ts';
import {
  insertProductParts,
  type NewProduct,
  type Product,
  productColumns,
  selectProducts,
  toProduct,
} from './products.ts';

/**
 * Replaces everything of a product; every node hears of it. Throws the database's unique violation
 * (23505) for the name of another.
 */
export async function updateProduct(db: Database, id: string, product: NewProduct): Promise<void> {
  const query = await db.write();
  await query('products').where({ id }).update(productColumns(product));
  await query('product_scopes').where({ product_id: id }).delete();
  await query('product_groups').where({ product_id: id }).delete();
  await insertProductParts(query, id, product);
  await announce(query, 'clients');
}

/** Retires a product or takes that back. Returns false when it was so already. */
export async function setProductRetired(
  db: Database,
  id: string,
  retired: boolean,
): Promise<boolean> {
  const query = await db.write();
  const changed = await query('products')
    .where({ id })
    .whereRaw(retired ? 'retired_at IS NULL' : 'retired_at IS NOT NULL')
    .update({ retired_at: retired ? query.fn.now() : null });
  return changed === 1;
}

/** The product of a name, in any letter case. */
export async function findProductByName(db: Database, name: string): Promise<Product | undefined> {
  const rows = await selectProducts(await db.query()).whereRaw('lower(name) = lower(?)', [name]);
  return rows.map(toProduct)[0];
}

/** Products by name, retired ones too, at most `limit`. */
export async function listProducts(db: Database, limit: number): Promise<Product[]> {
  const rows = await selectProducts(await db.query())
    .orderByRaw('lower(name)')
    .limit(limit);
  return rows.map(toProduct);
}
