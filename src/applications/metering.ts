// What a node counts and gathers about applications in its memory, and writes a moment later.
import type { TokenLimits } from '../config/budgets.ts';
import type { Database } from '../storage/database.ts';
import { createRefusalLog, type RefusalLog } from './refusals/refusal-log.ts';
import { createTokenBudgets, type TokenBudgets, unlimitedBudgets } from './usage/token-budgets.ts';
import { createTokenUsage, type TokenUsage } from './usage/token-usage.ts';

export interface Metering {
  budgets: TokenBudgets;
  tokenLimits: TokenLimits;
  /** False: no number of tokens is too large. */
  limited: boolean;
  usage: TokenUsage;
  refusals: RefusalLog;
  /** Writes the rest. */
  close(): Promise<void>;
}

/** Creates the counters of this node; with `rateLimits` false, no number of tokens is too large. */
export function createMetering(deps: {
  db: Database;
  rateLimits: boolean;
  tokenLimits: TokenLimits;
  onError: (error: unknown) => void;
}): Metering {
  const budgets = deps.rateLimits ? createTokenBudgets(deps) : unlimitedBudgets;
  const usage = createTokenUsage(deps);
  const refusals = createRefusalLog(deps);
  return {
    ...{ budgets, usage, refusals, tokenLimits: deps.tokenLimits },
    limited: deps.rateLimits,
    close: async () => {
      await Promise.all([refusals.close(), usage.close(), budgets.close()]);
    },
  };
}
