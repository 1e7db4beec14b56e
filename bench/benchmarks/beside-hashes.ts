// How long a machine waits for its token while people sign in: 50 password hashes always queue.
import { alternate, type Figures, medianFigures, medianRatio } from '../measure.ts';
import type { Algorithm } from '../scenario.ts';
import { type Spot, type Stage, spot } from '../stage.ts';
import { clientCredentials } from '../workloads/client-credentials.ts';
import { keepGuessing } from '../workloads/password-guesses.ts';
import { atMost, type Benchmark } from './benchmark.ts';

const QUEUED = 50;

export function besideHashes(algorithm: Algorithm): Benchmark {
  const workload = clientCredentials(algorithm);
  const name = `${workload.name}-beside-hashes`;
  return {
    name,
    async run(stage) {
      const own = spot(stage.gatehouse);
      const bare = spot(stage.bare[0]);
      const { quiet, busy, bareQuiet, bareBusy } = await alternate(stage.rounds, {
        quiet: () => stage.round(workload, [own]),
        busy: () => beside(stage, own, algorithm),
        bareQuiet: () => stage.round(workload, [bare]),
        bareBusy: () => beside(stage, bare, algorithm),
      });
      const factor = medianRatio(busy, quiet, 'p99');
      return {
        benchmark: name,
        series: [
          { name: 'gatehouse, quiet', figures: medianFigures(quiet) },
          { name: `gatehouse, ${QUEUED} hashes`, figures: medianFigures(busy) },
          { name: 'bare, quiet', figures: medianFigures(bareQuiet) },
          { name: `bare, ${QUEUED} hashes`, figures: medianFigures(bareBusy) },
        ],
        notes: [
          `p99 ${factor.toFixed(1)} times`,
          `bare, with the same two hashes at once: ${medianRatio(bareBusy, bareQuiet, 'p99').toFixed(1)} times`,
        ],
        verdicts: [atMost(3, `${workload.name}: p99 beside ${QUEUED} hashes`, factor, ' times')],
      };
    },
  };
}

async function beside(stage: Stage, place: Spot, algorithm: Algorithm): Promise<Figures> {
  const stop = await keepGuessing(place, QUEUED);
  const figures = await stage.round(clientCredentials(algorithm), [place]);
  const guesses = await stop();
  if (guesses < QUEUED) throw new Error(`only ${guesses} passwords were checked`);
  return figures;
}
