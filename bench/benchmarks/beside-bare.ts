// One workload: Gatehouse on PostgreSQL beside the bare library in memory, one process each.
import { alternate, median, medianFigures, medianRatio } from '../measure.ts';
import type { Algorithm } from '../scenario.ts';
import { signingRate } from '../signing-rate.ts';
import { spot } from '../stage.ts';
import type { Workload } from '../workloads/workload.ts';
import { atLeast, type Benchmark } from './benchmark.ts';

export function besideBare(
  workload: Workload,
  options: {
    /** The ratio to the bare library that is asked for. */
    target?: number;
    /** What signs the tokens, where that is nearly all there is to do. */
    algorithm?: Algorithm;
    /** Rounds are that much longer: whole sign-ins are few a second. */
    longer?: number;
  } = {},
): Benchmark {
  const { target, algorithm, longer = 1 } = options;
  return {
    name: workload.name,
    async run(stage) {
      const seconds = stage.seconds * longer;
      const signed: number[] = [];
      const { gatehouse, bare } = await alternate(stage.rounds, {
        gatehouse: () => stage.round(workload, [spot(stage.gatehouse)], seconds),
        bare: () => {
          if (algorithm) signed.push(signingRate(algorithm, seconds / 5));
          return stage.round(workload, [spot(stage.bare[0])], seconds);
        },
      });
      const ratio = medianRatio(gatehouse, bare);
      const figures = medianFigures(gatehouse);
      const ofSigning = algorithm ? figures.rate / median(signed) : undefined;
      return {
        benchmark: workload.name,
        series: [
          { name: 'gatehouse', figures },
          { name: 'bare', figures: medianFigures(bare) },
        ],
        notes: [
          `${ratio.toFixed(2)} of bare`,
          ...(ofSigning === undefined
            ? []
            : [`${ofSigning.toFixed(2)} of what one core signs (${median(signed).toFixed(0)}/s)`]),
        ],
        verdicts:
          target === undefined ? [] : [atLeast(target, `${workload.name} beside bare`, ratio)],
      };
    },
  };
}
