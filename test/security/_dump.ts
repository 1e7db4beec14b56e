// Every value of every table as text: what a stolen backup would show.
import type { Database } from '../../src/storage/database.ts';

/** The rows of all tables, one text a row, by table. */
export async function dumpTables({ knex }: Database): Promise<Map<string, string[]>> {
  const tables = await knex('information_schema.tables')
    .select('table_name')
    .where({ table_schema: 'public', table_type: 'BASE TABLE' });
  const dump = new Map<string, string[]>();
  for (const { table_name } of tables) {
    const rows: Record<string, unknown>[] = await knex(table_name).select('*');
    dump.set(
      table_name,
      rows.map((row) => Object.values(row).map(readings).join('\n')),
    );
  }
  return dump;
}

// A value as it stands, and each way in which it may be read back: bytes, hexadecimal, base64.
function readings(value: unknown): string {
  if (value instanceof Buffer) {
    const encodings = ['latin1', 'hex', 'base64', 'base64url'] as const;
    return encodings.map((encoding) => value.toString(encoding)).join('\n');
  }
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return `${text}\n${decodedParts(text ?? '')}`;
}

// A JWT inside a value holds its claims in base64.
function decodedParts(text: string): string {
  return (text.match(/[A-Za-z0-9_-]{20,}/g) ?? [])
    .map((part) => Buffer.from(part, 'base64url').toString('latin1'))
    .join('\n');
}

/** Every spelling under which a secret may be found. */
export function spellings(secret: string): string[] {
  const bytes = Buffer.from(secret);
  return [
    secret,
    encodeURIComponent(secret),
    bytes.toString('hex'),
    bytes.toString('base64').replace(/=+$/, ''),
    bytes.toString('base64url'),
    [...secret].reverse().join(''),
  ];
}
