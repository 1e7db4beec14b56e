// Tokens of an application by day, API and result.
import type { Database } from './database.ts';
import { runPrepared } from './prepared.ts';

export interface UsageCount {
  applicationId: string;
  clientId: string;
  /** Empty: none. */
  apiId: string;
  result: string;
  tokens: number;
}

/** Adds counts to the day by the database's clock. Those of applications that are gone are dropped. */
export async function addTokenUsage(db: Database, counts: UsageCount[]): Promise<void> {
  await runPrepared(db.knex, ADD, [JSON.stringify(counts)]);
}

// In one order of rows, or two nodes wait for each other.
const ADD = {
  name: 'add-token-usage',
  text: `INSERT INTO token_usage AS u (application_id, day, client_id, api_id, result, tokens)
    SELECT a.id, (now() AT TIME ZONE 'UTC')::date, s."clientId", s."apiId", s.result, s.tokens
    FROM jsonb_to_recordset($1::jsonb)
      AS s ("applicationId" text, "clientId" text, "apiId" text, result text, tokens bigint)
    JOIN applications a ON a.id = s."applicationId"
    ORDER BY 1, 2, 3, 4, 5
    ON CONFLICT (application_id, day, client_id, api_id, result)
      DO UPDATE SET tokens = u.tokens + excluded.tokens`,
};

export interface DayUsage {
  /** YYYY-MM-DD, in UTC. */
  day: string;
  environment: string | undefined;
  /** undefined: none, or one that is gone. */
  apiName: string | undefined;
  result: string;
  tokens: number;
}

/** What an application fetched on its last days, oldest first. */
export async function readTokenUsage(
  db: Database,
  applicationId: string,
  days: number,
): Promise<DayUsage[]> {
  const query = await db.query();
  const rows = await query('token_usage AS u')
    .leftJoin('clients AS c', 'c.id', 'u.client_id')
    .leftJoin('apis AS a', 'a.id', 'u.api_id')
    .where('u.application_id', applicationId)
    .whereRaw("u.day > (now() AT TIME ZONE 'UTC')::date - ?::int", [days])
    .groupByRaw('u.day, c.environment, a.name, u.result')
    .select(
      query.raw("to_char(u.day, 'YYYY-MM-DD') AS day, c.environment, a.name AS api, u.result"),
      query.raw('sum(u.tokens)::float8 AS tokens'),
    )
    .orderByRaw('1, 2, 3, 4');
  return rows.map((row) => ({
    day: row.day,
    environment: row.environment ?? undefined,
    apiName: row.api ?? undefined,
    result: row.result,
    tokens: row.tokens,
  }));
}
