// What a worker does again and again, prepared anew for each round.
import type { Browser } from '../browser.ts';
import type { Operation } from '../measure.ts';
import type { Connection, Target } from '../target.ts';

export interface Place {
  target: Target;
  /** The process that this worker asks. */
  connection: Connection;
  worker: number;
  /** How long the round takes. */
  seconds: number;
  /** A person with a session at this target; one for each worker. */
  signedIn(): Promise<Browser>;
}

export interface Workload {
  name: string;
  /** Gets together what one worker needs for a round; not measured. */
  prepare(place: Place): Promise<Operation>;
}
