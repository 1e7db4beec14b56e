// A second process of Gatehouse on the same database, beside two of the bare library, which share
// nothing. The load generator and PostgreSQL take their part of the cores.
import { alternate, medianFigures, medianRatio } from '../measure.ts';
import type { Algorithm } from '../scenario.ts';
import { spot } from '../stage.ts';
import { clientCredentials } from '../workloads/client-credentials.ts';
import type { Benchmark } from './benchmark.ts';

export function twoProcesses(algorithm: Algorithm): Benchmark {
  const workload = clientCredentials(algorithm);
  const name = `${workload.name}-two-processes`;
  return {
    name,
    async run({ gatehouse, bare, rounds, round }) {
      const [first, second] = [spot(gatehouse, 0), spot(gatehouse, 1)];
      const { one, two, yardstick } = await alternate(rounds, {
        one: () => round(workload, [first]),
        two: () => round(workload, [first, second]),
        yardstick: () =>
          round(
            workload,
            bare.map((target) => spot(target)),
          ),
      });
      return {
        benchmark: name,
        series: [
          { name: 'gatehouse, one', figures: medianFigures(one) },
          { name: 'gatehouse, two', figures: medianFigures(two) },
          { name: 'bare, two', figures: medianFigures(yardstick) },
        ],
        notes: [
          `${medianRatio(two, yardstick).toFixed(2)} of bare`,
          `two give ${medianRatio(two, one).toFixed(2)} times one`,
        ],
        verdicts: [],
      };
    },
  };
}
