// Turns at an origin: one that is slow, or asked for too much, holds up nobody but its own people.
import { setTimeout } from 'node:timers/promises';
import { OutgoingTrouble } from './outgoing-trouble.ts';

/** What External ID lets one address ask in a second; nobody gives less. */
const STARTS_PER_SECOND = 20;
/** Under way or waiting. Who comes later hears at once that it is too much. */
const MAX_OPEN = 60;

/** Runs work that makes one request to an origin, when it is its turn. */
export type InTurn = <T>(origin: string, signal: AbortSignal, work: () => Promise<T>) => Promise<T>;

/** At most 20 requests to an origin begin within any second, and at most 60 are open, in this process. */
export function createTurns(): InTurn {
  const origins = new Map<string, { open: number; starts: number[] }>();
  return async (origin, signal, work) => {
    const turns = origins.get(origin) ?? { open: 0, starts: [] };
    origins.set(origin, turns);
    if (turns.open >= MAX_OPEN)
      throw new OutgoingTrouble(`${origin} has ${MAX_OPEN} requests of ours to answer.`);
    turns.open += 1;
    try {
      const wait = waitForStart(turns.starts);
      if (wait > 0) await setTimeout(wait, undefined, { signal });
      return await work();
    } finally {
      turns.open -= 1;
    }
  };
}

// A request may begin a second after the twentieth before it did.
function waitForStart(starts: number[]): number {
  const now = performance.now();
  const before = starts.length < STARTS_PER_SECOND ? undefined : starts.shift();
  const start = before === undefined ? now : Math.max(now, before + 1000);
  starts.push(start);
  return start - now;
}
