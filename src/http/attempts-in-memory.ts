// The same counters in the memory of one node, for as long as the database is away.
import type { AttemptCounter, AttemptStanding } from '../storage/attempts.ts';

interface Entry {
  count: number;
  blockedUntil: number;
  expiresAt: number;
}

/** Beyond that the oldest are forgotten: a flood must not fill the memory. */
const MOST_KEYS = 50_000;

export interface AttemptsInMemory {
  take(counters: AttemptCounter[]): AttemptStanding[];
  settle(keys: { forgotten: string[]; givenBack: string[] }): void;
  read(keys: string[]): AttemptStanding[];
}

/** Creates counters that behave as `take_attempts` in the database does. */
export function createAttemptsInMemory(): AttemptsInMemory {
  const entries = new Map<string, Entry>();
  const find = (key: string): Entry => {
    const entry = entries.get(key);
    if (entry && entry.expiresAt > Date.now()) return entry;
    return { count: 0, blockedUntil: 0, expiresAt: 0 };
  };
  const standing = (key: string, refuses = true): AttemptStanding => {
    const { count, blockedUntil } = find(key);
    const wait = refuses ? Math.max(0, (blockedUntil - Date.now()) / 1000) : 0;
    return { key, count, wait };
  };
  const keep = (key: string, entry: Entry) => {
    // A key that is written again goes to the end, so the first is the oldest.
    entries.delete(key);
    entries.set(key, entry);
    const [oldest] = entries.keys();
    if (entries.size > MOST_KEYS && oldest !== undefined) entries.delete(oldest);
  };

  return {
    take(counters) {
      const standings = counters.map(({ key, refuses }) => standing(key, refuses));
      if (standings.some(({ wait }) => wait > 0)) return standings;
      return counters.map((counter) => {
        const count = find(counter.key).count + 1;
        const blockedUntil = Date.now() + delayOf(count, counter) * 1000;
        const expiresAt = blockedUntil + counter.forget_after * 1000;
        keep(counter.key, { count, blockedUntil, expiresAt });
        return { key: counter.key, count, wait: 0 };
      });
    },
    settle({ forgotten, givenBack }) {
      for (const key of forgotten) entries.delete(key);
      for (const key of givenBack) {
        const entry = entries.get(key);
        if (entry) keep(key, { ...entry, count: Math.max(0, entry.count - 1), blockedUntil: 0 });
      }
    },
    read: (keys) => keys.filter((key) => find(key).count > 0).map((key) => standing(key)),
  };
}

function delayOf(count: number, { free, first, longest }: AttemptCounter): number {
  return count < free ? 0 : Math.min(longest, first * 2 ** Math.min(count - free, 30));
}
