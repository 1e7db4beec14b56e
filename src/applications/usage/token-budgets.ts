// How many tokens may be issued in a minute or a day. Each node counts in memory and tells the others
// through the database: a second later, and at the latest when it issued a tenth of a limit by itself.
// So all nodes together issue at most (nodes x a tenth) more than the limit says.
import type { Database } from '../../storage/database.ts';
import { addToBudgets, type BudgetTotal } from '../../storage/token-budgets.ts';
import { createWriteBehind } from '../../storage/write-behind.ts';

/** One limit that a token counts under. */
export interface Charge {
  /** Unique among all limits: what is counted, and for whom. */
  key: string;
  limit: number;
  window: BudgetWindow;
}

export type BudgetWindow = 'minute' | 'day';

/** Which limit is used up, and when the next window begins. */
export interface Exhausted {
  charge: Charge;
  retryAfterSeconds: number;
}

export interface TokenBudgets {
  /** Takes one token from every limit, or from none: answers the first that is used up. */
  take(charges: Charge[]): Promise<Exhausted | undefined>;
  close(): Promise<void>;
}

const WINDOW_MS: Record<BudgetWindow, number> = { minute: 60_000, day: 86_400_000 };
const SYNC_MS = 1000;
/** The part of a limit that a node may issue before it asks what the others did. */
const UNTOLD_PART = 10;

interface Counted {
  key: string;
  startedAt: number;
  endsAt: number;
  /** Of all nodes, as far as this one was told; its own included. */
  told: number;
  /** Of this node since. */
  untold: number;
}

/** Creates the counters of this node. */
export function createTokenBudgets(deps: {
  db: Database;
  onError: (error: unknown) => void;
}): TokenBudgets {
  const counters = new Map<string, Counted>();
  // Windows begin at the same moment on every node: by the database's clock.
  let ahead = 0;
  const now = () => Date.now() + ahead;

  const counterOf = ({ key, window }: Charge): Counted => {
    const found = counters.get(key);
    if (found && found.endsAt > now()) return found;
    const length = WINDOW_MS[window];
    const startedAt = Math.floor(now() / length) * length;
    const fresh = { key, startedAt, endsAt: startedAt + length, told: 0, untold: 0 };
    counters.set(key, fresh);
    return fresh;
  };

  const learn = (sent: Map<Counted, number>, totals: BudgetTotal[]) => {
    for (const [counter, tokens] of sent) {
      const total = totals.find(
        ({ key, startedAt }) => key === counter.key && startedAt === counter.startedAt,
      );
      counter.untold -= tokens;
      counter.told = total?.tokens ?? counter.told + tokens;
    }
    ahead = (totals[0]?.now ?? now()) - Date.now();
  };

  const tell = async () => {
    const sent = new Map<Counted, number>();
    for (const counter of counters.values()) {
      if (counter.untold > 0) sent.set(counter, counter.untold);
      else if (counter.endsAt <= now()) counters.delete(counter.key);
    }
    if (sent.size === 0) return;
    const shares = [...sent].map(([counter, tokens]) => ({ ...counter, tokens }));
    learn(sent, await addToBudgets(deps.db, shares));
  };
  const telling = createWriteBehind({ write: tell, delayMs: SYNC_MS, onError: deps.onError });

  const exhausted = (charges: Charge[]): Exhausted | undefined => {
    for (const charge of charges) {
      const { told, untold, endsAt } = counterOf(charge);
      if (told + untold >= charge.limit)
        return { charge, retryAfterSeconds: Math.max(1, Math.ceil((endsAt - now()) / 1000)) };
    }
    return undefined;
  };
  const mustAsk = (charges: Charge[]) =>
    charges.some((charge) => counterOf(charge).untold >= Math.ceil(charge.limit / UNTOLD_PART));

  return {
    async take(charges) {
      let found = exhausted(charges);
      while (!found && mustAsk(charges)) {
        // With the database away this node goes by what it counts itself.
        const isTold = await telling.now().then(
          () => true,
          () => false,
        );
        found = exhausted(charges);
        if (!isTold) break;
      }
      if (found) return found;
      for (const charge of charges) counterOf(charge).untold += 1;
      telling.soon();
      return undefined;
    },
    close: telling.close,
  };
}

/** For the demo and benchmarks: no limit at all. */
export const unlimitedBudgets: TokenBudgets = {
  take: async () => undefined,
  close: async () => undefined,
};
