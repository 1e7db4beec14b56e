// A value that is loaded when somebody needs it, and used on while it cannot be loaded anew.

const MINUTE = 60_000;
const FRESH_MS = 60 * MINUTE;
const USABLE_MS = 24 * 60 * MINUTE;
const RETRY_MS = MINUTE / 2;
/** What has failed is not tried again by everybody who comes. */
const FAILURE_MS = 5000;

/**
 * Keeps what `load` answers for an hour, and up to a day while loading fails, which is then tried
 * every half minute. Who asks at the same time shares one load; where there is no value, its failure
 * is the answer for five seconds.
 */
export function keepValue<T>(load: () => Promise<T>, now: () => number): () => Promise<T> {
  let value: { is: T; at: number } | undefined;
  let failed: { error: unknown; at: number } | undefined;
  let loading: Promise<T> | undefined;

  const reload = (): Promise<T> => {
    loading ??= load()
      .then(
        (is) => {
          value = { is, at: now() };
          failed = undefined;
          return is;
        },
        (error: unknown) => {
          failed = { error, at: now() };
          throw error;
        },
      )
      .finally(() => {
        loading = undefined;
      });
    return loading;
  };
  const ageOf = (moment: { at: number }) => now() - moment.at;
  const attempt = async (pause: number): Promise<T> => {
    if (failed && ageOf(failed) < pause) throw failed.error;
    return reload();
  };

  return async () => {
    const last = value;
    if (!last || ageOf(last) >= USABLE_MS) return attempt(FAILURE_MS);
    if (ageOf(last) < FRESH_MS) return last.is;
    return attempt(RETRY_MS).catch(() => last.is);
  };
}
