// What 100,000 clients cost: two processes do the same, one has met ten clients and one all of them.
import { alternate, medianFigures, medianRatio } from '../measure.ts';
import { spot } from '../stage.ts';
import { clientCredentialsOf, createMachines, introduce } from '../workloads/many-clients.ts';
import { atMost, type Benchmark } from './benchmark.ts';

const MANY = 100_000;
const FEW = 10;

export const manyClients: Benchmark = {
  name: 'many-clients',
  async run({ gatehouse, rounds, round, seconds }) {
    const all = await createMachines(gatehouse, MANY);
    const [knowsFew, knowsAll] = [spot(gatehouse, 0), spot(gatehouse, 1)];
    const begun = performance.now();
    await introduce(knowsAll.connection, all);
    const took = (performance.now() - begun) / 1000;
    const { few, many } = await alternate(rounds, {
      few: () => round(clientCredentialsOf(all.slice(0, FEW)), [knowsFew], seconds),
      many: () => round(clientCredentialsOf(all), [knowsAll], seconds),
    });
    const cost = 100 * (1 - medianRatio(many, few));
    return {
      benchmark: 'many-clients',
      series: [
        { name: `${FEW} clients`, figures: medianFigures(few) },
        { name: `${MANY} clients`, figures: medianFigures(many) },
      ],
      notes: [
        `ES256; ${cost.toFixed(1)} % slower`,
        `meeting all of them once took ${took.toFixed(0)} s`,
      ],
      verdicts: [atMost(10, `${MANY} clients cost`, cost, ' %')],
    };
  },
};
