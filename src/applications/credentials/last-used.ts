// Which credentials were used: gathered in memory by the requests, written every few seconds and at
// the end. What a crash loses is a few seconds of that, never a token.
import { type CredentialUse, writeCredentialUses } from '../../storage/credential-uses.ts';
import type { Database } from '../../storage/database.ts';

const FLUSH_MS = 3000;
const WRITTEN_AT_ONCE = 5000;

export interface CredentialUses {
  /** Notes that a credential opened the door just now. */
  note(id: string, network: string | undefined): void;
  /** Writes what is not written yet, and ends. */
  close(): Promise<void>;
}

/** Creates the collection of this process; `onError` hears of a database that is away. */
export function gatherCredentialUses(deps: {
  db: Database;
  onError: (error: unknown) => void;
}): CredentialUses {
  let gathered = new Map<string, { at: number; network: string | undefined }>();
  let writing = Promise.resolve();

  const write = async () => {
    const uses = [...gathered];
    gathered = new Map();
    for (let from = 0; from < uses.length; from += WRITTEN_AT_ONCE) {
      const batch = uses.slice(from, from + WRITTEN_AT_ONCE);
      try {
        await writeCredentialUses(deps.db, batch.map(toUse));
      } catch (error) {
        deps.onError(error);
        // Next time, unless they were used again since.
        for (const [id, use] of uses.slice(from)) if (!gathered.has(id)) gathered.set(id, use);
        return;
      }
    }
  };
  const flush = () => {
    writing = writing.then(write);
    return writing;
  };
  const timer = setInterval(() => void (gathered.size > 0 && flush()), FLUSH_MS);
  timer.unref();

  return {
    note: (id, network) => void gathered.set(id, { at: performance.now(), network }),
    async close() {
      clearInterval(timer);
      await flush();
    },
  };
}

function toUse([id, { at, network }]: [
  string,
  { at: number; network: string | undefined },
]): CredentialUse {
  return { id, ago: performance.now() - at, network };
}
