// Numbers that look random and come again with the same seed.
import { randomInt } from 'node:crypto';

export interface Random {
  seed: number;
  /** A whole number from 0 to `below` - 1. */
  below(limit: number): number;
}

/** `GATEHOUSE_TEST_SEED` repeats a run; without it each run has a seed of its own. */
export function createRandom(
  seed = Number(process.env['GATEHOUSE_TEST_SEED'] ?? randomInt(2 ** 31)),
) {
  let state = seed;
  // Mulberry32.
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const random: Random = { seed, below: (limit) => Math.floor(next() * limit) };
  return random;
}
