// Counters of attempts, shared by all nodes. They are no part of a request's transaction: an attempt
// that is refused or rolled back was made all the same.
import type { Database } from './database.ts';
import { runPrepared } from './prepared.ts';

/** How attempts on one key are counted. Times are in seconds. */
export interface AttemptCounter {
  key: string;
  /** So many attempts are made without waiting for the next. */
  free: number;
  /** The wait after the last free one; it doubles with each further attempt. */
  first: number;
  longest: number;
  /** The count is forgotten so long after the last attempt and its wait. */
  forget_after: number;
  /** False: attempts are counted, and never refused by this counter. */
  refuses: boolean;
}

/** Where one counter stands; `wait` is 0, or the seconds until another attempt is allowed: of one that
 * was refused the same for all its counters. */
export interface AttemptStanding {
  key: string;
  count: number;
  wait: number;
}

/** Takes one attempt on each counter; when one of them makes it wait, none is counted. */
export async function takeAttempts(
  db: Database,
  counters: AttemptCounter[],
): Promise<AttemptStanding[]> {
  const values = [JSON.stringify(counters)];
  return (await runPrepared<AttemptStanding>(db.knex, TAKE, values)).rows;
}

const TAKE = {
  name: 'take-attempts',
  text: 'SELECT key, count, wait FROM take_attempts($1::jsonb)',
};

/** Forgets all attempts on some keys, and takes one back from others. */
export async function settleAttempts(
  db: Database,
  keys: { forgotten: string[]; givenBack: string[] },
): Promise<void> {
  await runPrepared(db.knex, SETTLE, [keys.forgotten, keys.givenBack]);
}

const SETTLE = {
  name: 'settle-attempts',
  text: 'SELECT settle_attempts($1::text[], $2::text[]) AS settled',
};

/** Where keys stand, of those that were counted lately. */
export async function readAttempts(db: Database, keys: string[]): Promise<AttemptStanding[]> {
  return (await runPrepared<AttemptStanding>(db.knex, READ, [keys])).rows;
}

const READ = {
  name: 'read-attempts',
  text: `SELECT key, count,
      greatest(extract(epoch FROM blocked_until - clock_timestamp()), 0)::float8 AS wait
    FROM attempts WHERE key = ANY ($1::text[]) AND expires_at > clock_timestamp()`,
};
