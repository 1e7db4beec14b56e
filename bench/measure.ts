// A closed loop for a while, and several of them in alternation.

export interface Figures {
  /** A second. */
  rate: number;
  /** Milliseconds. */
  p50: number;
  p99: number;
}

/** One thing done once; false: it has run out of what it needs. */
export type Operation = () => Promise<boolean>;

/** One worker for each operation repeats it for `seconds`, or until the first runs out. */
export async function measure(operations: Operation[], seconds: number): Promise<Figures> {
  const latencies: number[] = [];
  const begun = performance.now();
  let until = begun + seconds * 1000;
  const work = async (operation: Operation) => {
    for (let started = performance.now(); started < until; started = performance.now()) {
      if (await operation()) latencies.push(performance.now() - started);
      else until = 0;
    }
  };
  await Promise.all(operations.map(work));
  const rate = (latencies.length * 1000) / (performance.now() - begun);
  latencies.sort((a, b) => a - b);
  const at = (share: number) => latencies[Math.floor(latencies.length * share)] ?? 0;
  return { rate, p50: at(0.5), p99: at(0.99) };
}

/**
 * Measures each series in turn, round after round, after one round that does not count. Every
 * other round runs backwards, so that whoever grows slower with time hurts nobody in particular.
 */
export async function alternate<Name extends string>(
  rounds: number,
  series: Record<Name, () => Promise<Figures>>,
): Promise<Record<Name, Figures[]>> {
  const names = Object.keys(series) as Name[]; // an object's own keys are the names it was given
  const figures = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<
    Name,
    Figures[]
  >;
  for (let round = 0; round <= rounds; round += 1)
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      const measured = await series[name]();
      if (round > 0) figures[name].push(measured);
    }
  return figures;
}

/** The median of each figure. */
export function medianFigures(list: Figures[]): Figures {
  const of = (key: keyof Figures) => median(list.map((figures) => figures[key]));
  return { rate: of('rate'), p50: of('p50'), p99: of('p99') };
}

/** The median of the ratios of each round: neighbours of the machine slow both down in a round. */
export function medianRatio(a: Figures[], b: Figures[], key: keyof Figures = 'rate'): number {
  return median(a.map((figures, round) => figures[key] / (b[round]?.[key] ?? Number.NaN)));
}

export function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
