// News between nodes: NOTIFY in the transaction that changes something, LISTEN on one connection.
import type { Knex } from 'knex';
import pg from 'pg';

const CHANNEL = 'gatehouse_changes';

export type Topic = 'clients' | 'apis' | 'signing_keys';

export interface Changes {
  /** Calls `listener` when another node (or this one) changed something of the topic. */
  on(topic: Topic, listener: () => void): void;
  /** False while news may be missed: caches must not be trusted then. */
  live(): boolean;
  close(): Promise<void>;
}

/** Tells every node, when the running transaction commits, that something of the topic changed. */
export async function announce(query: Knex, topic: Topic): Promise<void> {
  await query.raw('SELECT pg_notify(?, ?)', [CHANNEL, topic]);
}

/** Listens for changes; reconnects by itself. After every reconnection all listeners are called. */
export function listenForChanges(options: {
  url: string;
  name: string;
  onError: (error: unknown) => void;
}): Changes {
  const listeners = new Map<string, (() => void)[]>();
  let client: pg.Client | undefined;
  let live = false;
  let closed = false;
  let retry: NodeJS.Timeout | undefined;

  const tellAll = () => {
    for (const list of listeners.values()) for (const listener of list) listener();
  };

  const lost = (error?: unknown) => {
    if (closed || retry) return;
    live = false;
    if (error) options.onError(error);
    client?.end().catch(() => undefined);
    client = undefined;
    retry = setTimeout(() => {
      retry = undefined;
      void connect();
    }, 500);
  };

  const connect = async () => {
    const next = new pg.Client({
      connectionString: options.url,
      application_name: options.name,
      connectionTimeoutMillis: 1500,
      keepAlive: true,
    });
    client = next;
    next.on('error', lost);
    next.on('end', () => client === next && lost());
    next.on('notification', ({ payload }) => {
      for (const listener of listeners.get(payload ?? '') ?? []) listener();
    });
    try {
      await next.connect();
      await next.query(`LISTEN ${CHANNEL}`);
      if (closed) return;
      live = true;
      // What changed while nobody listened is unknown, so everything is stale.
      tellAll();
    } catch (error) {
      lost(error);
    }
  };

  void connect();
  return {
    on: (topic, listener) => {
      listeners.set(topic, [...(listeners.get(topic) ?? []), listener]);
    },
    live: () => live,
    async close() {
      closed = true;
      clearTimeout(retry);
      await client?.end().catch(() => undefined);
    },
  };
}
