// One figure, or a few that belong together, and whether they meet what was asked of them.
import type { Figures } from '../measure.ts';
import type { Stage } from '../stage.ts';

export interface Verdict {
  target: string;
  measured: string;
  hit: boolean;
}

export interface Series {
  name: string;
  figures: Figures;
}

export interface Result {
  benchmark: string;
  series: Series[];
  /** Ratios and counts, as they are printed. */
  notes: string[];
  verdicts: Verdict[];
}

export interface Benchmark {
  name: string;
  run(stage: Stage): Promise<Result>;
}

/** A ratio that should not be below. */
export function atLeast(target: number, what: string, measured: number): Verdict {
  return {
    target: `${what} at least ${target}`,
    measured: measured.toFixed(2),
    hit: measured >= target,
  };
}

/** A figure that should not be above. */
export function atMost(target: number, what: string, measured: number, unit = ''): Verdict {
  return {
    target: `${what} at most ${target}${unit}`,
    measured: `${Number(measured.toFixed(2))}${unit}`,
    hit: measured <= target,
  };
}
