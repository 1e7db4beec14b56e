// LISTEN on a connection of its own, which comes back by itself.
import pg from 'pg';
import { CONNECT_MS, cutWhenSilent } from './guarded-connection.ts';

const RETRY_MS = 500;
const HEARTBEAT_MS = 2000;

export interface Listening {
  close(): Promise<void>;
}

/** Calls `onNotification` with each payload, and `onConnected` whenever some may have been missed. */
export function listen(options: {
  url: string;
  name: string;
  channel: string;
  onNotification: (payload: string) => void;
  onConnected: () => void;
  onError: (error: unknown) => void;
}): Listening {
  let client: pg.Client | undefined;
  let timer: NodeJS.Timeout | undefined;
  let closed = false;

  const connect = async () => {
    const next = new pg.Client({
      connectionString: options.url,
      application_name: options.name,
      connectionTimeoutMillis: CONNECT_MS,
      keepAlive: true,
    });
    client = next;
    next.on('error', options.onError);
    next.on('end', () => reconnect(next));
    next.on('notification', ({ payload }) => options.onNotification(payload ?? ''));
    try {
      await next.connect();
      cutWhenSilent(next);
      await next.query(`LISTEN ${options.channel}`);
      options.onConnected();
      beat(next);
    } catch (error) {
      options.onError(error);
      reconnect(next);
    }
  };

  // A connection that nobody answers any more would be silent for ever.
  const beat = (beating: pg.Client) => {
    if (closed || beating !== client) return;
    timer = setTimeout(() => {
      beating.query('SELECT 1').then(
        () => beat(beating),
        () => reconnect(beating),
      );
    }, HEARTBEAT_MS);
  };

  const reconnect = (lost: pg.Client) => {
    if (closed || lost !== client) return;
    client = undefined;
    clearTimeout(timer);
    lost.end().catch(() => undefined);
    timer = setTimeout(() => void connect(), RETRY_MS);
  };

  void connect();
  return {
    async close() {
      closed = true;
      clearTimeout(timer);
      await client?.end().catch(() => undefined);
    },
  };
}
