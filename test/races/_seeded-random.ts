// Randomness that can be repeated: the same seed chooses the same things again.

export interface Random {
  seed: number;
  /** From 0 to `below` - 1. */
  integer(below: number): number;
  pick<T>(choices: readonly [T, ...T[]]): T;
  /** The numbers from 0 to `count` - 1 in some order. */
  order(count: number): number[];
}

/** Mulberry32, by Tommy Ettinger: 32 bits of state are enough to choose who goes first. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const integer = (below: number) => Math.floor(next() * below);
  return {
    seed,
    integer,
    pick: (choices) => choices[integer(choices.length)] ?? choices[0],
    order(count) {
      const numbers = Array.from({ length: count }, (_, index) => index);
      // Fisher and Yates.
      for (let left = count - 1; left > 0; left -= 1) {
        const other = integer(left + 1);
        const moved = numbers[left] ?? 0;
        numbers[left] = numbers[other] ?? 0;
        numbers[other] = moved;
      }
      return numbers;
    },
  };
}
