// The connections of the job runner: its own, because it listens on one and must not wait for requests.
import pg from 'pg';
import { CONNECT_MS, cutWhenSilent } from './guarded-connection.ts';

/** One listens, one asks; each of the four that work may have something to report. */
const MAX_CONNECTIONS = 6;

/**
 * Opens the pool. A lost connection is told to `onError`; whoever uses it next opens another. A
 * `patient` pool, for migrations, has no time limits.
 */
export function openJobPool(options: {
  url: string;
  name: string;
  onError: (error: unknown) => void;
  patient?: boolean;
}): pg.Pool {
  const pool = new pg.Pool({
    connectionString: options.url,
    application_name: options.name,
    connectionTimeoutMillis: options.patient ? 0 : CONNECT_MS,
    keepAlive: true,
    max: MAX_CONNECTIONS,
  });
  pool.on('error', options.onError);
  pool.on('connect', (client) => {
    // The pool drops its own listener while the connection is in use.
    client.on('error', options.onError);
    if (!options.patient) cutWhenSilent(client as pg.Client);
  });
  return pool;
}
