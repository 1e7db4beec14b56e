// Hashing a few at a time: it takes a core and megabytes each, and shares the thread pool with signing.
import { AppError } from '../../errors.ts';

/** Runs at most `concurrent` works at once; so many more wait in line, and others get a 503. */
export function createHashingQueue(concurrent: number, queued: number) {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async <T>(work: () => Promise<T>): Promise<T> => {
    if (running >= concurrent) {
      if (waiting.length >= queued) throw overloaded();
      await new Promise<void>((resume) => waiting.push(resume));
    } else {
      running += 1;
    }
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      // The place passes to the next in line, so `running` stays as it is.
      if (next) next();
      else running -= 1;
    }
  };
}

function overloaded(): AppError {
  return new AppError(
    503,
    'temporarily_unavailable',
    'Many people are signing in right now. Please try again in a few seconds.',
    { headers: { 'Retry-After': '5' }, key: 'sign-in.busy' },
  );
}
