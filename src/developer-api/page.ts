// Lists come in pages: `limit` of them, and a cursor that asks for the next ones.
import { z } from 'zod';
import { invalidRequest } from '../errors.ts';

export const pageQuery = z.strictObject({
  limit: z.coerce
    .number('must be a number')
    .int('must be a whole number')
    .min(1, 'must be at least 1')
    .max(100, 'must be at most 100')
    .default(25),
  cursor: z
    .string()
    .max(1000, 'is none of ours')
    .optional()
    .describe('The `next_cursor` of the page before.'),
});

/** The schema of a page. */
export function pageOf(item: z.ZodType) {
  return z.strictObject({
    data: z.array(item),
    next_cursor: z.string().nullable().describe('null: this was the last page.'),
  });
}

/**
 * Loads one page. `load` is asked for one more than the page holds; `positionOf` names an item such
 * that the next page begins after it. Throws 400 for a cursor that is none of ours.
 */
export async function loadPage<Item>(
  { limit, cursor }: z.infer<typeof pageQuery>,
  list: {
    load: (page: { limit: number; after?: string }) => Promise<Item[]>;
    positionOf: (item: Item) => string;
  },
): Promise<{ items: Item[]; next_cursor: string | null }> {
  const after = cursor === undefined ? {} : { after: readCursor(cursor) };
  const found = await list.load({ limit: limit + 1, ...after });
  const items = found.slice(0, limit);
  const last = found.length > limit ? items.at(-1) : undefined;
  return { items, next_cursor: last ? writeCursor(list.positionOf(last)) : null };
}

function writeCursor(position: string): string {
  return Buffer.from(position).toString('base64url');
}

function readCursor(cursor: string): string {
  const position = Buffer.from(cursor, 'base64url').toString('utf8');
  if (writeCursor(position) === cursor && position !== '' && !/\p{C}/u.test(position))
    return position;
  throw invalidRequest('cursor: is none of ours. Leave it out to begin at the first page.');
}
