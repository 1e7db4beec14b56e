// What it costs to count and limit the tokens of applications, and what a token that is given again saves.
import { alternate, medianFigures, medianRatio } from '../measure.ts';
import { tokenForm } from '../requests.ts';
import { resourceOf } from '../scenario.ts';
import { spot } from '../stage.ts';
import { createApplicationMachine, tokensOf } from '../workloads/application.ts';
import { atLeast, type Benchmark } from './benchmark.ts';

/** Its process has met no hundred thousand clients. */
const PLACE = 0;

export const applications: Benchmark = {
  name: 'applications',
  async run({ gatehouse, rounds, round, seconds }) {
    const machine = await createApplicationMachine(gatehouse);
    const place = [spot(gatehouse, PLACE)];
    const form = tokenForm.clientCredentials('RS256');
    const again = { ...form, resource: machine.reusedResource };
    const { operator, counted, reused } = await alternate(rounds, {
      operator: () => round(tokensOf(gatehouse.clients.machine, form), place, seconds),
      counted: () => round(tokensOf(machine.client, form), place, seconds),
      reused: () => round(tokensOf(machine.client, again), place, seconds),
    });
    const cost = medianRatio(counted, operator);
    return {
      benchmark: 'applications',
      series: [
        { name: "an operator's client, not counted", figures: medianFigures(operator) },
        { name: 'counted under two limits', figures: medianFigures(counted) },
        { name: 'given again', figures: medianFigures(reused) },
      ],
      notes: [
        `${resourceOf('RS256')}: counted ${cost.toFixed(2)} of not counted`,
        `given again ${medianRatio(reused, counted).toFixed(2)} of signed`,
      ],
      verdicts: [atLeast(0.95, 'counted tokens', cost)],
    };
  },
};
