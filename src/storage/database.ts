// The connection pool, and the executor that joins the unit of work of the current request.
import { setTimeout } from 'node:timers/promises';
import knexFactory, { type Knex } from 'knex';
import type pg from 'pg';
import { ACQUIRE_MS, CONNECT_MS, guardConnection, isTrusted } from './guarded-connection.ts';
import { currentUnitOfWork } from './unit-of-work.ts';

export interface Database {
  readonly knex: Knex;
  /** The application_name of its connections. */
  readonly name: string;
  /** To read with: the open transaction of the running unit of work, else the pool. */
  query(): Promise<Knex>;
  /** To write with: the transaction of the running unit of work, opened if need be, else the pool. */
  write(): Promise<Knex>;
  close(): Promise<void>;
}

/**
 * Opens a pool on a postgres:// URL. Nothing connects until the first query.
 * `name` is the application_name that operators see in pg_stat_activity. A `patient` pool, for
 * migrations, has no time limits; any other answers or fails within two seconds.
 */
export function openDatabase(options: {
  url: string;
  name: string;
  maxConnections?: number;
  patient?: boolean;
}): Database {
  const { patient = false } = options;
  const connection: Knex.PgConnectionConfig = {
    connectionString: options.url,
    application_name: options.name,
    connectionTimeoutMillis: patient ? 0 : CONNECT_MS,
    keepAlive: true,
  };
  const guard = {
    validate: isTrusted,
    afterCreate: (client: pg.Client, done: (error?: unknown) => void) =>
      void guardConnection(client).then(() => done(), done),
  };
  const knex = knexFactory({
    client: 'pg',
    connection,
    acquireConnectionTimeout: patient ? 60_000 : ACQUIRE_MS,
    // Errors reach the caller; knex would also print them, in the middle of our own sentences.
    log: { warn() {}, error() {}, deprecate() {}, debug() {} },
    pool: {
      min: 0,
      max: options.maxConnections ?? 20,
      idleTimeoutMillis: 30_000,
      ...(patient ? {} : guard),
    },
  });
  return {
    knex,
    name: options.name,
    query: async () => (await currentUnitOfWork()?.opened()) ?? knex,
    write: async () => (await currentUnitOfWork()?.transaction()) ?? knex,
    close: () => knex.destroy(),
  };
}

/** True on a primary; false on a standby, which would refuse every write. Throws when unreachable. */
export async function isWritable(db: Database): Promise<boolean> {
  const { rows } = await db.knex.raw(
    "SELECT current_setting('transaction_read_only') AS read_only",
  );
  return rows[0].read_only === 'off';
}

const STARTING_UP = '57P03';
const START_ATTEMPTS = 6;

/**
 * Waits a few seconds for a database that is starting or slow to answer. Throws what it answered
 * last, at once when nothing listens.
 */
export async function expectReachable(db: Database): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await db.knex.raw('SELECT 1');
      return;
    } catch (error) {
      const slow = error instanceof Error && /timeout/i.test(error.message);
      const worthIt =
        slow || (error instanceof Error && 'code' in error && error.code === STARTING_UP);
      if (!worthIt || attempt === START_ATTEMPTS) throw error;
      await setTimeout(500);
    }
  }
}

const UNAVAILABLE =
  /^(08|53|57P|25006|25P03|40001|40003|40P01|55P03|57014|ECONN|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENOTFOUND)/;

/** True when an error means that the database is away, overloaded or read-only: the caller may retry. */
export function isUnavailable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (UNAVAILABLE.test(code) || error.name === 'KnexTimeoutError') return true;
  return /Connection terminated|timeout exceeded when trying to connect|^timeout expired$|Client has encountered a connection error/.test(
    error.message,
  );
}

// Not among them: a crowd at one row or one pool, which is there because the database answers.
const AWAY = /^(08|57P|25006|ECONN|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENOTFOUND)/;

/** True when an error means that nothing can be asked or written for the moment, by anybody. */
export function isAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return AWAY.test(code) || /Connection terminated|timeout expired/.test(error.message);
}

/** True when PostgreSQL cannot store a text that came from outside: NUL, or half a surrogate pair. */
export function isUnstorable(error: unknown): boolean {
  if (!(error instanceof Error) || !('code' in error)) return false;
  return (
    error.code === '22P05' ||
    error.code === '22021' ||
    (error.code === '22P02' && 'detail' in error && /surrogate/i.test(String(error.detail)))
  );
}
