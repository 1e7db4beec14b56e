// How many tokens the clients of applications may fetch where no quota class says otherwise.
import { z } from 'zod';

/** 0: no limit. */
export interface TokenLimits {
  clientPerMinute: number;
  /** All applications of one owner together. */
  ownerPerMinute: number;
}

const COUNT = z.coerce.number().int().min(0).max(1_000_000);

/** Reads GATEHOUSE_TOKENS_PER_MINUTE and GATEHOUSE_OWNER_TOKENS_PER_MINUTE. */
export function readTokenLimits(
  values: Record<string, string | undefined>,
  problems: string[],
): TokenLimits {
  const read = (name: string, fallback: number): number => {
    const parsed = COUNT.safeParse(values[name] || fallback);
    if (!parsed.success)
      problems.push(`${name} must be a whole number from 0 (no limit) to 1000000.`);
    return parsed.data ?? fallback;
  };
  return {
    clientPerMinute: read('GATEHOUSE_TOKENS_PER_MINUTE', 600),
    ownerPerMinute: read('GATEHOUSE_OWNER_TOKENS_PER_MINUTE', 3000),
  };
}
