// Values read from the database and kept until a node announces a change of them.
import type { Changes, Topic } from './changes.ts';
import { outsideUnitOfWork } from './unit-of-work.ts';

/**
 * Caches what `load` answers until `topic` tells that its key, or anything, has changed. While news
 * may be missed nothing is kept. Callers that ask for one key at once share one load; what a change
 * overtook is answered, but not kept.
 */
export function cacheUntilChanged<T>(deps: {
  changes: Changes;
  topic: Topic;
  load: (key: string) => Promise<T>;
  maxEntries: number;
}): (key: string) => Promise<T> {
  const { changes } = deps;
  const entries = new Map<string, T>();
  const loading = new Map<string, Promise<T>>();
  const forget = (key?: string) => {
    if (key === undefined) entries.clear();
    else entries.delete(key);
    loading.clear();
  };
  changes.on(deps.topic, forget);

  const load = (key: string): Promise<T> => {
    // Not in a request's transaction: what is not committed yet is nobody else's to see.
    const loaded = outsideUnitOfWork(() => deps.load(key)).then(
      (value) => {
        // Forgotten meanwhile: it may be older than the change.
        if (loading.get(key) === loaded) {
          loading.delete(key);
          if (value !== undefined && changes.live()) keep(key, value);
        }
        return value;
      },
      (error: unknown) => {
        if (loading.get(key) === loaded) loading.delete(key);
        throw error;
      },
    );
    loading.set(key, loaded);
    return loaded;
  };

  const keep = (key: string, value: T) => {
    // Map keeps insertion order: the first key is the one kept longest.
    if (entries.size >= deps.maxEntries) entries.delete(entries.keys().next().value ?? '');
    entries.set(key, value);
  };

  return async (key) => {
    const kept = entries.get(key);
    if (kept !== undefined && changes.live()) return kept;
    return loading.get(key) ?? load(key);
  };
}
