// Results as lines of a terminal.
import type { Result, Verdict } from './benchmarks/benchmark.ts';

/** One benchmark: a line for each series, then ratios and verdicts. */
export function describeResult({ benchmark, series, notes, verdicts }: Result): string {
  return [
    `\n${benchmark}`,
    ...series.map(({ name, figures }) => {
      const { rate, p50, p99 } = figures;
      const milliseconds = (value: number) => `${value.toFixed(1)} ms`.padStart(9);
      return `  ${name.padEnd(22)}${rate.toFixed(0).padStart(6)}/s   p50${milliseconds(p50)}   p99${milliseconds(p99)}`;
    }),
    ...notes.map((note) => `  ${note}`),
    ...verdicts.map((verdict) => `  ${describeVerdict(verdict)}`),
  ].join('\n');
}

/** All verdicts of a run. */
export function describeTargets(results: Result[]): string {
  const verdicts = results.flatMap((result) => result.verdicts);
  const hit = verdicts.filter((verdict) => verdict.hit).length;
  return [`\nTargets: ${hit} of ${verdicts.length} hit`, ...verdicts.map(describeVerdict)].join(
    '\n  ',
  );
}

function describeVerdict({ target, measured, hit }: Verdict): string {
  return `${hit ? 'hit   ' : 'MISSED'} ${target}: ${measured}`;
}
