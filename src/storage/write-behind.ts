// What is gathered in memory and written a moment later, in one statement for many requests.
import { outsideUnitOfWork } from './unit-of-work.ts';

export interface WriteBehind {
  /** Something was gathered: it is written when the delay has passed. */
  soon(): void;
  /** Writes what was gathered so far; rejects when that fails. */
  now(): Promise<void>;
  /** Writes the rest. Never rejects. */
  close(): Promise<void>;
}

/** `write` takes what was gathered; what it could not write it gathers again, and is asked later. */
export function createWriteBehind(deps: {
  write: () => Promise<void>;
  delayMs: number;
  onError: (error: unknown) => void;
}): WriteBehind {
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;
  let next: Promise<void> | undefined;

  const start = (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    next = undefined;
    // No part of the request that happens to ask for it.
    running = outsideUnitOfWork(deps.write).finally(() => {
      running = undefined;
    });
    return running;
  };
  const now = (): Promise<void> => {
    if (!running) return start();
    // What is under way took its share already: all who ask meanwhile share the next one.
    next ??= running.catch(() => undefined).then(start);
    return next;
  };
  const soon = () => {
    timer ??= setTimeout(() => {
      now().catch((error: unknown) => {
        deps.onError(error);
        soon();
      });
    }, deps.delayMs).unref();
  };
  return { soon, now, close: () => now().catch(deps.onError) };
}
