// Limits on attempts: counted in PostgreSQL for all nodes, in one round trip however many counters
// one attempt has; when the database is away, each node counts in memory.
import { createHash } from 'node:crypto';
import {
  type AttemptCounter,
  type AttemptStanding,
  readAttempts,
  settleAttempts,
  takeAttempts,
} from '../storage/attempts.ts';
import { type Database, isAway } from '../storage/database.ts';
import { createAttemptsInMemory } from './attempts-in-memory.ts';

/** Times are in seconds. */
export interface LimitRule {
  name: string;
  /** So many attempts are free. */
  attempts: number;
  /** The wait after them, which doubles with each further attempt, up to `longestWait`. */
  firstWait: number;
  longestWait: number;
  /** All is forgotten so long after the last wait. */
  forgetAfter: number;
}

/** One key under one rule. */
export interface Counter {
  rule: LimitRule;
  key: string;
  /** Counts, but does not make anybody wait. */
  countsOnly?: boolean;
}

export interface Standing {
  /** 0, or the seconds until another attempt is allowed. */
  retryAfterSeconds: number;
  /** Attempts on each counter that were not forgotten, this one included if it was taken. */
  counts: number[];
}

export interface Attempts {
  /** Takes one attempt on all counters before it is made, or on none when one makes it wait. */
  take(counters: Counter[]): Promise<Standing>;
  /** An attempt that turned out to be honest: forgets some counters, gives it back to others. */
  settle(counters: { forgotten?: Counter[]; givenBack?: Counter[] }): Promise<void>;
  /** Where the counters stand; takes nothing. */
  read(counters: Counter[]): Promise<Standing>;
}

/** One rule for all its keys. */
export interface RateLimit {
  /** Takes one attempt before it is made. Returns 0, or the seconds until another is allowed. */
  take(key: string): Promise<number>;
  /** Gives back an attempt that turned out to be honest. */
  giveBack(key: string): Promise<void>;
  /** Forgets all attempts of a key. */
  forgive(key: string): Promise<void>;
}

/** Creates the counters; `enabled: false` (demo and benchmarks) counts nothing. */
export function createAttempts(deps: { db: Database; enabled: boolean }): Attempts {
  if (!deps.enabled) return unlimited;
  const { db } = deps;
  const insurance = createAttemptsInMemory();
  const insured = async <T>(work: () => Promise<T>, otherwise: () => T): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      if (isAway(error)) return otherwise();
      throw error;
    }
  };
  return {
    async take(counters) {
      const rows = counters.map(toRow);
      const taken = await insured(
        () => takeAttempts(db, rows),
        () => insurance.take(rows),
      );
      return toStanding(counters, taken);
    },
    async settle({ forgotten = [], givenBack = [] }) {
      const keys = { forgotten: forgotten.map(keyOf), givenBack: givenBack.map(keyOf) };
      // What was counted before the database went away is in its table, what came after here.
      insurance.settle(keys);
      await insured(
        () => settleAttempts(db, keys),
        () => undefined,
      );
    },
    async read(counters) {
      const keys = counters.map(keyOf);
      const found = await insured(
        () => readAttempts(db, keys),
        () => insurance.read(keys),
      );
      return toStanding(counters, found);
    },
  };
}

/** The limit of one rule. */
export function limitOf(attempts: Attempts, rule: LimitRule): RateLimit {
  return {
    take: async (key) => (await attempts.take([{ rule, key }])).retryAfterSeconds,
    giveBack: (key) => attempts.settle({ givenBack: [{ rule, key }] }),
    forgive: (key) => attempts.settle({ forgotten: [{ rule, key }] }),
  };
}

const unlimited: Attempts = {
  take: async (counters) => ({ retryAfterSeconds: 0, counts: counters.map(() => 0) }),
  settle: async () => undefined,
  read: async (counters) => ({ retryAfterSeconds: 0, counts: counters.map(() => 0) }),
};

function toStanding(counters: Counter[], rows: AttemptStanding[]): Standing {
  const found = new Map(rows.map((row) => [row.key, row]));
  const longest = Math.max(0, ...rows.map(({ wait }) => wait));
  return {
    retryAfterSeconds: Math.ceil(longest),
    counts: counters.map((counter) => found.get(keyOf(counter))?.count ?? 0),
  };
}

function toRow(counter: Counter): AttemptCounter {
  const { attempts: free, firstWait: first, longestWait: longest, forgetAfter } = counter.rule;
  const refuses = !counter.countsOnly;
  return { key: keyOf(counter), free, first, longest, forget_after: forgetAfter, refuses };
}

// Addresses and networks are personal data: the table holds only their digests.
function keyOf({ rule, key }: Counter): string {
  return `${rule.name}:${createHash('sha256').update(key).digest('base64url')}`;
}
