// Why requests of applications were refused.
import type { Database } from './database.ts';
import { runPrepared } from './prepared.ts';

/** Values that help; the text of each name is `refusal.detail-<name>`. Never a secret, code or token. */
export type RefusalDetail = Record<string, string | number>;

export interface Refusal {
  correlationId: string;
  applicationId: string;
  clientId: string;
  endpoint: string;
  rule: string;
  error: string;
  description: string;
  detail: RefusalDetail;
  refusedAt: Date;
}

/** Keeps refusals. Those of applications that are gone are dropped. */
export async function insertRefusals(db: Database, refusals: Refusal[]): Promise<void> {
  await runPrepared(db.knex, INSERT, [JSON.stringify(refusals)]);
}

const INSERT = {
  name: 'insert-refusals',
  text: `INSERT INTO refusals
      (correlation_id, application_id, client_id, endpoint, rule, error, description, detail, refused_at)
    SELECT r."correlationId", a.id, r."clientId", r.endpoint, r.rule, r.error, r.description, r.detail,
      r."refusedAt"
    FROM jsonb_to_recordset($1::jsonb)
      AS r ("correlationId" uuid, "applicationId" text, "clientId" text, endpoint text, rule text,
        error text, description text, detail jsonb, "refusedAt" timestamptz)
    JOIN applications a ON a.id = r."applicationId"
    ON CONFLICT DO NOTHING`,
};

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Finds one refusal, whoever asks. */
export async function findRefusal(
  db: Database,
  correlationId: string,
): Promise<Refusal | undefined> {
  if (!UUID.test(correlationId)) return undefined;
  const query = await db.query();
  const row = await query('refusals').where({ correlation_id: correlationId }).first();
  return row && toRefusal(row);
}

/** Finds a refusal of an application that the account is a member of. */
export async function findMemberRefusal(
  db: Database,
  accountId: string,
  correlationId: string,
): Promise<Refusal | undefined> {
  if (!UUID.test(correlationId)) return undefined;
  const query = await db.query();
  const row = await query('refusals')
    .join('application_members AS m', 'm.application_id', 'refusals.application_id')
    .where({ correlation_id: correlationId, 'm.account_id': accountId })
    .first('refusals.*');
  return row && toRefusal(row);
}

/** The latest refusals of an application. */
export async function listRefusals(
  db: Database,
  applicationId: string,
  limit: number,
): Promise<Refusal[]> {
  const query = await db.query();
  const rows = await query('refusals')
    .where({ application_id: applicationId })
    .orderBy('refused_at', 'desc')
    .orderBy('correlation_id')
    .limit(limit);
  return rows.map(toRefusal);
}

interface RefusalRow {
  correlation_id: string;
  application_id: string;
  client_id: string;
  endpoint: string;
  rule: string;
  error: string;
  description: string;
  detail: RefusalDetail;
  refused_at: Date;
}

function toRefusal(row: RefusalRow): Refusal {
  return {
    correlationId: row.correlation_id,
    applicationId: row.application_id,
    clientId: row.client_id,
    endpoint: row.endpoint,
    rule: row.rule,
    error: row.error,
    description: row.description,
    detail: row.detail,
    refusedAt: row.refused_at,
  };
}

/** How often each rule refused an application on its last days; most first. */
export async function countRefusals(
  db: Database,
  applicationId: string,
  days: number,
): Promise<{ rule: string; count: number }[]> {
  const query = await db.query();
  const rows = await query('token_usage')
    .where({ application_id: applicationId })
    .whereRaw("day > (now() AT TIME ZONE 'UTC')::date - ?::int", [days])
    .whereRaw("(result LIKE 'refused:%' OR result = 'throttled')")
    .groupBy('result')
    .select('result', query.raw('sum(tokens)::float8 AS count'))
    .orderByRaw('2 DESC, 1');
  return rows.map(({ result, count }) => ({
    rule: result === 'throttled' ? 'quota_exceeded' : result.replace('refused:', ''),
    count,
  }));
}
