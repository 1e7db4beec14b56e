// What applications fetch, counted in memory and added to the database every few seconds.
import type { Database } from '../../storage/database.ts';
import { addTokenUsage, type UsageCount } from '../../storage/token-usage.ts';
import { createWriteBehind } from '../../storage/write-behind.ts';

/** `early`: a new token while a fresh one for the same was at hand; counted as issued as well. */
export type UsageResult = 'issued' | 'reused' | 'early' | 'throttled' | `refused:${string}`;

export interface TokenUsage {
  count(of: Omit<UsageCount, 'tokens' | 'result'> & { result: UsageResult }): void;
  close(): Promise<void>;
}

const DELAY_MS = 3000;

/** Creates the counters of this node. */
export function createTokenUsage(deps: {
  db: Database;
  onError: (error: unknown) => void;
}): TokenUsage {
  let counts = new Map<string, UsageCount>();

  const add = (of: UsageCount) => {
    const key = `${of.clientId} ${of.apiId} ${of.result}`;
    const found = counts.get(key);
    if (found) found.tokens += of.tokens;
    else counts.set(key, { ...of });
  };
  const write = async () => {
    const taken = [...counts.values()];
    if (taken.length === 0) return;
    counts = new Map();
    await addTokenUsage(deps.db, taken).catch((error: unknown) => {
      taken.forEach(add);
      throw error;
    });
  };
  const writing = createWriteBehind({ write, delayMs: DELAY_MS, onError: deps.onError });

  return {
    count(of) {
      add({ ...of, tokens: 1 });
      writing.soon();
    },
    close: writing.close,
  };
}
