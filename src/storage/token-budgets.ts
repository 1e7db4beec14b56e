// Tokens under a limit, counted by all nodes together: each adds what it has issued since it last did.
import type { Database } from './database.ts';
import { runPrepared } from './prepared.ts';

export interface BudgetShare {
  key: string;
  /** Milliseconds since 1970, by the clock of the database. */
  startedAt: number;
  endsAt: number;
  tokens: number;
}

export interface BudgetTotal {
  key: string;
  startedAt: number;
  tokens: number;
  /** The database's clock. */
  now: number;
}

/** Adds the shares of one node and answers the totals of all. */
export async function addToBudgets(db: Database, shares: BudgetShare[]): Promise<BudgetTotal[]> {
  const rows = shares.map(({ key, startedAt, endsAt, tokens }) => ({
    ...{ key, tokens },
    ...{ started_at: new Date(startedAt), expires_at: new Date(endsAt) },
  }));
  return (await runPrepared<BudgetTotal>(db.knex, ADD, [JSON.stringify(rows)])).rows;
}

// In one order of rows, or two nodes wait for each other.
const ADD = {
  name: 'add-to-budgets',
  text: `INSERT INTO token_budgets AS b (key, started_at, tokens, expires_at)
    SELECT key, started_at, tokens, expires_at FROM jsonb_to_recordset($1::jsonb)
      AS s (key text, started_at timestamptz, tokens bigint, expires_at timestamptz)
    ORDER BY key, started_at
    ON CONFLICT (key, started_at) DO UPDATE SET tokens = b.tokens + excluded.tokens
    RETURNING key, tokens::float8 AS tokens,
      (extract(epoch FROM started_at) * 1000)::float8 AS "startedAt",
      (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS now`,
};
