// What every benchmark of a run works with: both servers, and how long to measure.
import type { Gatehouse } from './gatehouse.ts';
import { type Figures, measure } from './measure.ts';
import { createSignedInBrowsers } from './person.ts';
import type { Connection, Target } from './target.ts';
import type { Workload } from './workloads/workload.ts';

/** Requests under way at once. */
export const WORKERS = 16;

export interface Stage {
  gatehouse: Gatehouse;
  /** Two processes that share nothing; all but one benchmark use the first. */
  bare: [Target, Target];
  seconds: number;
  rounds: number;
  /** One round: the workers are spread over these processes. */
  round(workload: Workload, places: Spot[], seconds?: number): Promise<Figures>;
}

/** A process of a target. */
export interface Spot {
  target: Target;
  connection: Connection;
}

/** A process of a target by its number. */
export function spot(target: Target, index = 0): Spot {
  const connection = target.processes[index];
  if (!connection) throw new Error(`${target.name} has no process ${index}`);
  return { target, connection };
}

/** Sets the stage for the servers. */
export function createStage(
  given: Pick<Stage, 'gatehouse' | 'bare' | 'seconds' | 'rounds'>,
): Stage {
  const signedIn = createSignedInBrowsers();
  return {
    ...given,
    async round(workload, spots, seconds = given.seconds) {
      const places = Array.from({ length: WORKERS }, (_, worker) => {
        const place = spots[worker % spots.length];
        if (!place) throw new Error('no process to ask');
        return { ...place, worker, seconds, signedIn: () => signedIn(place.target, worker) };
      });
      return measure(await Promise.all(places.map(workload.prepare)), seconds);
    },
  };
}
