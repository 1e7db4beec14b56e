// The statements of the hot path, planned once a connection: planning costs more than they do.
import type { Knex } from 'knex';
import type { QueryResult, QueryResultRow } from 'pg';
import { holdsStatements, withConnection } from './guarded-connection.ts';

export interface Statement {
  /** Unique among all statements. */
  name: string;
  /** Its result must name its columns: a plan does not survive a column that is added. */
  text: string;
}

/** Runs one statement. Behind a pooler that shares connections it is planned each time. */
export function runPrepared<Row extends QueryResultRow>(
  query: Knex,
  statement: Statement,
  values: unknown[],
): Promise<QueryResult<Row>> {
  const { name, text } = statement;
  return withConnection(query, (connection) =>
    connection.query<Row>(holdsStatements(connection) ? { name, text, values } : { text, values }),
  );
}
