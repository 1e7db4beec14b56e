// Products: what developers subscribe to. In the running unit of work.
import { AppError } from '../errors.ts';
import { insertAuditEvents } from '../storage/audit-events.ts';
import { findProductByName, setProductRetired, updateProduct } from '../storage/change-products.ts';
import type { Database } from '../storage/database.ts';
import { findProduct, insertProduct, type NewProduct, type Product } from '../storage/products.ts';
import { readProduct } from './product-request.ts';

/** Finds a product by its id or its name, retired ones too. Throws 404. */
export async function loadProduct(db: Database, idOrName: string): Promise<Product> {
  const found = (await findProduct(db, idOrName)) ?? (await findProductByName(db, idOrName.trim()));
  if (found) return found;
  throw new AppError(404, 'not_found', `There is no product ${idOrName}.`);
}

/** Creates a product and returns its id. Throws 400 and 404 that say what is wrong, 409 for a known name. */
export async function registerProduct(
  db: Database,
  request: NewProduct,
  by: string,
): Promise<string> {
  const product = await readProduct(db, request);
  const id = await insertProduct(db, product).catch(explainConflict(product));
  await record(db, 'product.created', { by, product: id, name: product.name });
  return id;
}

/**
 * Changes a product; subscriptions go on, and give from now on what the product has now. Throws like
 * `registerProduct`.
 */
export async function changeProduct(
  db: Database,
  product: Product,
  change: Partial<NewProduct>,
  by: string,
): Promise<void> {
  const { id, retiredAt: _retired, createdAt: _created, ...before } = product;
  const after = await readProduct(db, { ...before, ...change });
  await updateProduct(db, id, after).catch(explainConflict(after));
  const changed = Object.keys(change);
  await record(db, 'product.changed', { by, product: id, name: after.name, changed });
}

/** Takes a product off the list; its subscriptions go on. Returns false when it was retired. */
export async function retireProduct(db: Database, product: Product, by: string): Promise<boolean> {
  const changed = await setProductRetired(db, product.id, true);
  if (changed) await record(db, 'product.retired', { by, product: product.id, name: product.name });
  return changed;
}

/** Puts a retired product on the list again. Returns false when it was there. */
export async function restoreProduct(db: Database, product: Product, by: string): Promise<boolean> {
  const changed = await setProductRetired(db, product.id, false);
  if (changed)
    await record(db, 'product.restored', { by, product: product.id, name: product.name });
  return changed;
}

function explainConflict({ name }: NewProduct) {
  return (cause: { code?: string }): never => {
    throw cause.code === '23505'
      ? new AppError(409, 'conflict', `There is already a product ${name}.`, { cause })
      : cause;
  };
}

function record(db: Database, type: string, detail: Record<string, unknown>): Promise<void> {
  return insertAuditEvents(db, [{ type, detail }]);
}
