// Deletes what has expired, in small batches of a commit each: no request ever waits for it, and
// several nodes that prune at once skip each other's rows.
import type { Database } from './database.ts';

const BATCH_ROWS = 1000;
/** One run ends after so many batches; the next one goes on. */
const MAX_BATCHES = 200;

interface Prunable {
  table: string;
  /** In SQL: the row is of no use any more. */
  isExpired: string;
  remedy: string;
}

const IS_EXPIRED = 'expires_at < now()';
const PRUNABLE: Prunable[] = [
  { table: 'oidc_payloads', isExpired: IS_EXPIRED, remedy: 'DELETE FROM oidc_payloads' },
  { table: 'redeemed_jtis', isExpired: IS_EXPIRED, remedy: 'DELETE FROM redeemed_jtis' },
  { table: 'email_tokens', isExpired: IS_EXPIRED, remedy: 'DELETE FROM email_tokens' },
  {
    table: 'invitations',
    // Long enough for its link to say what became of it.
    isExpired: "expires_at < now() - interval '90 days'",
    remedy: 'DELETE FROM invitations',
  },
  {
    table: 'credentials',
    // Long enough to tell why one was refused.
    isExpired: "expires_at < now() - interval '90 days'",
    remedy: 'DELETE FROM credentials',
  },
  { table: 'captcha_challenges', isExpired: IS_EXPIRED, remedy: 'DELETE FROM captcha_challenges' },
  { table: 'sign_ups', isExpired: IS_EXPIRED, remedy: 'DELETE FROM sign_ups' },
  {
    table: 'outgoing_mails',
    // Sent, or given up long ago: the job runner stops after four days.
    isExpired: "created_at < now() - interval '30 days'",
    remedy: 'DELETE FROM outgoing_mails',
  },
  {
    table: 'idempotent_answers',
    isExpired: "created_at < now() - interval '1 day'",
    remedy: 'DELETE FROM idempotent_answers',
  },
  {
    table: 'events',
    isExpired: "created_at < now() - interval '30 days'",
    remedy: 'DELETE FROM events',
  },
  { table: 'attempts', isExpired: IS_EXPIRED, remedy: 'DELETE FROM attempts' },
  {
    table: 'refusals',
    isExpired: "refused_at < now() - interval '30 days'",
    remedy: 'DELETE FROM refusals',
  },
  {
    table: 'token_usage',
    isExpired: "day < now() - interval '13 months'",
    remedy: 'DELETE FROM token_usage',
  },
  { table: 'token_budgets', isExpired: IS_EXPIRED, remedy: 'DELETE FROM token_budgets' },
  ...[
    'application_invitations',
    'federation_attempts',
    'pending_identities',
    'upstream_sessions',
  ].map((table) => ({
    ...{ table, isExpired: IS_EXPIRED, remedy: `DELETE FROM ${table}` },
  })),
  {
    table: 'oidc_payloads',
    // Kept for ten seconds after a refresh, in case its answer was lost.
    isExpired: "answer IS NOT NULL AND consumed_at < now() - interval '1 minute'",
    remedy: 'UPDATE oidc_payloads SET answer = NULL',
  },
];

/** Prunes every table; `onPruned` is told the rows of each batch. */
export async function pruneExpired(
  db: Database,
  onPruned: (table: string, rows: number) => void,
): Promise<void> {
  for (const prunable of PRUNABLE) {
    for (let batch = 0; batch < MAX_BATCHES; batch += 1) {
      const rows = await pruneBatch(db, prunable);
      onPruned(prunable.table, rows);
      if (rows < BATCH_ROWS) break;
    }
  }
}

async function pruneBatch(db: Database, { table, isExpired, remedy }: Prunable): Promise<number> {
  const { rowCount } = await db.knex.raw(
    `${remedy} WHERE ctid = ANY (ARRAY(
       SELECT ctid FROM ${table} WHERE ${isExpired} LIMIT ? FOR UPDATE SKIP LOCKED))`,
    [BATCH_ROWS],
  );
  return rowCount;
}

export interface Growth {
  table: string;
  /** An estimate: counting would scan. */
  rows: number;
  bytes: number;
  /** Age of the row that should have been pruned first; 0 when none is left over. */
  overdueSeconds: number;
}

/** How large the tables are that grow with use, and how far pruning is behind. */
export async function readGrowth(db: Database): Promise<Growth[]> {
  const { rows } = await db.knex.raw(
    `SELECT relname AS table, n_live_tup::float8 AS rows,
       pg_total_relation_size(relid)::float8 AS bytes,
       greatest(0, extract(epoch from now() - CASE relname
         WHEN 'oidc_payloads' THEN (SELECT min(expires_at) FROM oidc_payloads)
         WHEN 'redeemed_jtis' THEN (SELECT min(expires_at) FROM redeemed_jtis)
         WHEN 'attempts' THEN (SELECT min(expires_at) FROM attempts)
         END))::float8 AS overdue
     FROM pg_stat_user_tables
     WHERE schemaname = current_schema()
       AND relname IN ('oidc_payloads', 'redeemed_jtis', 'attempts', 'audit_events')`,
  );
  return rows.map(
    (row: { table: string; rows: number; bytes: number; overdue: number | null }) => ({
      table: row.table,
      rows: row.rows,
      bytes: row.bytes,
      overdueSeconds: row.overdue ?? 0,
    }),
  );
}
