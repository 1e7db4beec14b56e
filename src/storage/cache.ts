// Values read from the database and kept until another node announces a change of them.
import type { Changes, Topic } from './changes.ts';

/**
 * Caches what `load` answers until one of `topics` changes. While news may be missed nothing is
 * kept. A load that was overtaken by a change is answered, but not kept.
 */
export function cacheUntilChanged<T>(deps: {
  changes: Changes;
  topics: Topic[];
  load: (key: string) => Promise<T>;
  maxEntries: number;
}): (key: string) => Promise<T> {
  const entries = new Map<string, T>();
  let generation = 0;
  for (const topic of deps.topics) {
    deps.changes.on(topic, () => {
      generation += 1;
      entries.clear();
    });
  }
  return async (key) => {
    const kept = entries.get(key);
    if (kept !== undefined && deps.changes.live()) return kept;
    const before = generation;
    const loaded = await deps.load(key);
    if (loaded !== undefined && before === generation && deps.changes.live()) {
      // Map keeps insertion order: the first key is the one kept longest.
      if (entries.size >= deps.maxEntries) entries.delete(entries.keys().next().value ?? '');
      entries.set(key, loaded);
    }
    return loaded;
  };
}
