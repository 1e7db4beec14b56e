// News between nodes. Who changes something raises the generation of its topic and notifies, in its
// own transaction. Every node listens, and also asks for the generations every two seconds: behind
// a pooler, or when a notification was lost, it is late by that, and never by more than five.
import type { Knex } from 'knex';
import type pg from 'pg';
import { z } from 'zod';
import type { Database } from './database.ts';
import { listen } from './notifications.ts';
import { currentUnitOfWork } from './unit-of-work.ts';

const CHANNEL = 'gatehouse_changes';
const POLL_MS = 2000;
const RETRY_MS = 500;
/** No cache is trusted when its node has not asked for this long. */
const MAX_NEWS_AGE_MS = 5000;

export type Topic = 'clients' | 'apis' | 'signing_keys' | 'terms' | 'connectors';

/** `key` names what changed; undefined: anything of the topic. A rejected listener is called again. */
export type ChangeListener = (key: string | undefined) => void | Promise<void>;

export interface Changes {
  /** Calls `listener` when another node (or this one) changed something of the topic. */
  on(topic: Topic, listener: ChangeListener): void;
  /** False while news may be missed: caches must not be trusted then. */
  live(): boolean;
  close(): Promise<void>;
}

/** Tells every node, when the running transaction commits, that something of the topic changed. */
export async function announce(query: Knex, topic: Topic, key?: string): Promise<void> {
  const unit = currentUnitOfWork();
  if (!unit) return raiseGeneration(query, topic, key);
  // Locked last, and in one order: whoever changes several things waits for nobody who waits for it.
  unit.beforeCommit(`${topic} ${key ?? ''}`, (transaction) =>
    raiseGeneration(transaction, topic, key),
  );
}

async function raiseGeneration(query: Knex, topic: Topic, key?: string): Promise<void> {
  // The row stays locked until the commit: generations, and so notifications, come in one order.
  await query.raw(
    `WITH raised AS (
       INSERT INTO generations AS g (topic, generation) VALUES (?, 1)
       ON CONFLICT (topic) DO UPDATE SET generation = g.generation + 1 RETURNING *)
     SELECT pg_notify(?, json_build_object(
       'topic', topic, 'generation', generation, 'key', ?::text)::text) FROM raised`,
    [topic, CHANNEL, key ?? null],
  );
}

const news = z.object({ topic: z.string(), generation: z.number(), key: z.string().nullable() });

/**
 * Follows the changes of all nodes. `url` reaches the database without a pooler, where that can be.
 * Throws when the generations cannot be read: from what is loaded after that, nothing is missed.
 */
export async function followChanges(options: {
  db: Database;
  url: string;
  onError: (error: unknown) => void;
}): Promise<Changes> {
  const { db, onError } = options;
  const listeners = new Map<string, ChangeListener[]>();
  const known = await readGenerations(db.knex);
  // Who could not take the news up must hear of it again; nothing is trusted until then.
  const untold = new Set<string>();
  let askedAt = performance.now();
  let closed = false;
  let timer: NodeJS.Timeout | undefined;
  let asking: Promise<void> | undefined;

  const tell = (topic: string, key?: string) => {
    const calls = (listeners.get(topic) ?? []).map(async (listener) => listener(key));
    Promise.all(calls).then(
      () => untold.delete(topic),
      (error: unknown) => {
        onError(error);
        untold.add(topic);
        askIn(RETRY_MS);
      },
    );
  };

  const ask = async () => {
    const now = performance.now();
    const before = new Map(known);
    // Not through the pool, if that can be: busy as it may be, the news must come through.
    const generations = await readGenerations(db.knex, listening.connection());
    askedAt = now;
    for (const [topic, generation] of generations) {
      // A notification that came meanwhile knows better.
      if (known.get(topic) !== before.get(topic)) continue;
      if (known.get(topic) === generation && !untold.has(topic)) continue;
      known.set(topic, generation);
      tell(topic);
    }
  };

  const askIn = (milliseconds: number) => {
    clearTimeout(timer);
    if (closed) return;
    timer = setTimeout(() => {
      asking = ask().then(
        () => askIn(POLL_MS),
        (error: unknown) => {
          onError(error);
          askIn(RETRY_MS);
        },
      );
    }, milliseconds);
  };

  const receive = (payload: string) => {
    const { topic, generation, key } = news.parse(JSON.parse(payload));
    const before = known.get(topic) ?? 0;
    if (before >= generation) return;
    known.set(topic, generation);
    // Without the one before, it is unknown what else changed.
    tell(topic, before === generation - 1 ? (key ?? undefined) : undefined);
  };

  const listening = listen({
    url: options.url,
    name: db.name,
    channel: CHANNEL,
    onNotification: receive,
    onConnected: () => askIn(0),
    onError: (error) => closed || onError(error),
  });
  askIn(POLL_MS);

  return {
    on(topic, listener) {
      listeners.set(topic, [...(listeners.get(topic) ?? []), listener]);
    },
    live: () => untold.size === 0 && performance.now() - askedAt < MAX_NEWS_AGE_MS,
    async close() {
      closed = true;
      clearTimeout(timer);
      await Promise.all([listening.close(), asking]);
    },
  };
}

const GENERATIONS = `SELECT current_setting('transaction_read_only') AS read_only,
  (SELECT coalesce(json_object_agg(topic, generation), '{}') FROM generations) AS generations`;

async function readGenerations(knex: Knex, connection?: pg.Client): Promise<Map<string, number>> {
  const { rows } = await (connection ? connection.query(GENERATIONS) : knex.raw(GENERATIONS));
  // A standby may be behind: after a switchover the caches of an old primary must not be trusted.
  if (rows[0].read_only === 'on') throw new Error('the database is read-only');
  return new Map(Object.entries(rows[0].generations));
}
