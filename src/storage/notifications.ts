// LISTEN on a connection of its own, which comes back by itself.
import pg from 'pg';
import { CONNECT_MS, cutWhenSilent } from './guarded-connection.ts';

const RETRY_MS = 500;

export interface Listening {
  /** The connection while there is one: also for what must not wait for the pool. */
  connection(): pg.Client | undefined;
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
  let connected: pg.Client | undefined;
  let connecting: pg.Client | undefined;
  let timer: NodeJS.Timeout | undefined;
  let closed = false;

  const connect = async () => {
    const client = new pg.Client({
      connectionString: options.url,
      application_name: options.name,
      connectionTimeoutMillis: CONNECT_MS,
      keepAlive: true,
    });
    connecting = client;
    client.on('error', options.onError);
    client.on('end', () => reconnect(client));
    client.on('notification', ({ payload }) => options.onNotification(payload ?? ''));
    try {
      await client.connect();
      cutWhenSilent(client);
      await client.query(`LISTEN ${options.channel}`);
      connected = client;
      options.onConnected();
    } catch (error) {
      options.onError(error);
      reconnect(client);
    }
  };

  const reconnect = (lost: pg.Client) => {
    if (closed || lost !== connecting) return;
    connecting = undefined;
    connected = undefined;
    lost.end().catch(() => undefined);
    timer = setTimeout(() => void connect(), RETRY_MS);
  };

  void connect();
  return {
    connection: () => connected,
    async close() {
      closed = true;
      clearTimeout(timer);
      await connecting?.end().catch(() => undefined);
    },
  };
}
