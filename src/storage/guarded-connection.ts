// A database connection that fails instead of hanging, and that is thrown away when it cannot be
// trusted any more: its answer is overdue, its server became a standby, or its commit is in doubt.
import type { Socket } from 'node:net';
import type { Knex } from 'knex';
import type pg from 'pg';

/** Milliseconds. Within two seconds a request must have its answer, so each step gets less. */
export const CONNECT_MS = 1000;
export const ACQUIRE_MS = 1500;
const LOCK_MS = 1000;
const STATEMENT_MS = 1300;
const SILENCE_MS = 1500;
const IDLE_IN_TRANSACTION_MS = 10_000;

const READ_ONLY = '25006';
/** SQLSTATE statement_completion_unknown. */
const COMPLETION_UNKNOWN = '40003';

const untrusted = new WeakSet<pg.Client>();
const inDoubt = new WeakSet<pg.Client>();
const direct = new WeakSet<pg.Client>();

/** Prepares a new connection of the pool. The limits are set here: poolers refuse them at start-up. */
export async function guardConnection(
  client: pg.Client & { processID?: number | null },
): Promise<void> {
  cutWhenSilent(client);
  client.connection.on('errorMessage', ({ code }: { code?: string }) => {
    // After a switchover the address may already lead to the new primary.
    if (code === READ_ONLY) untrusted.add(client);
  });
  client.on('notice', ({ routine }) => {
    if (routine !== 'SyncRepWaitForLSN') return;
    inDoubt.add(client);
    untrusted.add(client);
  });
  // A pooler makes up the process that it names at the start. Behind one the limits would stay on a
  // connection that others use next.
  const { rows } = await client.query<{ direct: boolean }>(
    `SELECT pid = $4::int AS direct, CASE WHEN pid = $4::int THEN
       set_config('statement_timeout', $1, false) || set_config('lock_timeout', $2, false) ||
       set_config('idle_in_transaction_session_timeout', $3, false) END
     FROM pg_backend_pid() AS pid`,
    [...[STATEMENT_MS, LOCK_MS, IDLE_IN_TRANSACTION_MS].map(String), client.processID],
  );
  if (rows[0]?.direct) direct.add(client);
}

/** True when the server keeps what this connection prepares; false behind a pooler. */
export function holdsStatements(client: pg.Client): boolean {
  return direct.has(client);
}

/** False when the pool must replace the connection before its next use. */
export function isTrusted(client: pg.Client): boolean {
  return !untrusted.has(client);
}

/**
 * Runs `work` on one connection, the transaction's own where there is one. Throws (40003) when a commit in it was cancelled while it waited
 * for the standbys: PostgreSQL then answers success, but a failover may lose what was committed.
 */
export async function withConnection<T>(
  query: Knex,
  work: (connection: pg.Client) => Promise<T>,
): Promise<T> {
  const connection: pg.Client = await query.client.acquireConnection();
  try {
    const result = await work(connection);
    if (inDoubt.has(connection))
      throw Object.assign(new Error('the commit may not have reached a standby'), {
        code: COMPLETION_UNKNOWN,
      });
    return result;
  } finally {
    await query.client.releaseConnection(connection);
  }
}

/** A stopped server, a lost network or a commit that waits for a dead standby answers nothing at all. */
export function cutWhenSilent(client: pg.Client & { readyForQuery?: boolean }): void {
  // The types call it a Duplex; over TCP, TLS and Unix sockets it is a Socket.
  const stream = client.connection.stream as Socket;
  stream.setTimeout(SILENCE_MS);
  stream.on('timeout', () => {
    // Idle in the pool, a connection is silent by right.
    if (client.readyForQuery) return;
    const message = 'the database does not answer';
    stream.destroy(Object.assign(new Error(message), { code: 'ETIMEDOUT' }));
  });
}
