// Quota classes: how many tokens an application may fetch under a product.
import { announce } from './changes.ts';
import type { Database } from './database.ts';

export interface QuotaClass {
  name: string;
  /** undefined: no limit. */
  tokensPerMinute: number | undefined;
  tokensPerDay: number | undefined;
}

/** Creates a quota class, or gives the one of that name new limits, on every node. */
export async function saveQuotaClass(db: Database, quotaClass: QuotaClass): Promise<void> {
  const query = await db.write();
  await query('quota_classes')
    .insert({
      name: quotaClass.name,
      tokens_per_minute: quotaClass.tokensPerMinute ?? null,
      tokens_per_day: quotaClass.tokensPerDay ?? null,
    })
    .onConflict('name')
    .merge();
  await announce(query, 'clients');
}

/** Deletes a quota class. Throws the database's foreign key violation (23503) while a product has it. */
export async function deleteQuotaClass(db: Database, name: string): Promise<boolean> {
  const query = await db.write();
  return (await query('quota_classes').where({ name }).delete()) === 1;
}

/** All quota classes by name. */
export async function listQuotaClasses(db: Database): Promise<QuotaClass[]> {
  const query = await db.query();
  return (await query<QuotaClassRow>('quota_classes').orderBy('name')).map(toQuotaClass);
}

/** The quota class of a name. */
export async function findQuotaClass(db: Database, name: string): Promise<QuotaClass | undefined> {
  const query = await db.query();
  const row = await query<QuotaClassRow>('quota_classes').where({ name }).first();
  return row && toQuotaClass(row);
}

interface QuotaClassRow {
  name: string;
  tokens_per_minute: number | null;
  tokens_per_day: number | null;
}

function toQuotaClass(row: QuotaClassRow): QuotaClass {
  return {
    name: row.name,
    tokensPerMinute: row.tokens_per_minute ?? undefined,
    tokensPerDay: row.tokens_per_day ?? undefined,
  };
}
