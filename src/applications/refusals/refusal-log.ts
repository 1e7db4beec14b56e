// Refusals of applications, gathered in memory and written together a moment later: a client that
// fails all the time must not cost a write per request.
import type { Database } from '../../storage/database.ts';
import { insertRefusals, type Refusal } from '../../storage/refusals.ts';
import { createWriteBehind } from '../../storage/write-behind.ts';

export interface RefusalLog {
  /** Keeps a refusal, unless this client was refused by this rule too often lately. */
  keep(refusal: Refusal): void;
  /** Somebody asks for this one: if it is still in memory, it is written first. */
  settle(correlationId: string): Promise<void>;
  close(): Promise<void>;
}

const DELAY_MS = 500;
/** Of one client by one rule on one node. */
const KEPT_A_MINUTE = 20;
const MINUTE_MS = 60_000;
/** What may wait while the database is away. */
const MOST_WAITING = 5000;

/** Creates the log of this node. */
export function createRefusalLog(deps: {
  db: Database;
  onError: (error: unknown) => void;
}): RefusalLog {
  let waiting: Refusal[] = [];
  /** Taken, and not written yet. */
  let underWay: Refusal[] = [];
  let kept = new Map<string, number>();
  let minute = 0;

  const isTooOften = ({ clientId, rule }: Refusal) => {
    const thisMinute = Math.floor(Date.now() / MINUTE_MS);
    if (thisMinute !== minute) kept = new Map();
    minute = thisMinute;
    const key = `${clientId} ${rule}`;
    const count = (kept.get(key) ?? 0) + 1;
    kept.set(key, count);
    return count > KEPT_A_MINUTE;
  };
  const write = async () => {
    const taken = waiting;
    if (taken.length === 0) return;
    waiting = [];
    underWay = taken;
    await insertRefusals(deps.db, taken).catch((error: unknown) => {
      waiting = [...taken, ...waiting].slice(0, MOST_WAITING);
      throw error;
    });
    underWay = [];
  };
  const writing = createWriteBehind({ write, delayMs: DELAY_MS, onError: deps.onError });

  return {
    keep(refusal) {
      if (isTooOften(refusal) || waiting.length >= MOST_WAITING) return;
      waiting.push(refusal);
      writing.soon();
    },
    async settle(correlationId) {
      const isIt = (refusal: Refusal) => refusal.correlationId === correlationId;
      if (waiting.some(isIt) || underWay.some(isIt)) await writing.now();
    },
    close: writing.close,
  };
}
