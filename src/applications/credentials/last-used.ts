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

interface Use {
  at: number;
  network: string | undefined;
}

/** Creates the collection of this process; `onError` hears of a database that is away. */
export function gatherCredentialUses(deps: {
  db: Database;
  onError: (error: unknown) => void;
}): CredentialUses {
  let gathered = new Map<string, Use>();
  let writing = Promise.resolve();

  // Next time, unless they were used again since.
  const keep = (uses: [string, Use][]) => {
    for (const [id, use] of uses) if (!gathered.has(id)) gathered.set(id, use);
  };
  const write = async () => {
    const uses = [...gathered];
    gathered = new Map();
    try {
      while (uses.length > 0) {
        await writeCredentialUses(deps.db, uses.slice(0, WRITTEN_AT_ONCE).map(toUse));
        uses.splice(0, WRITTEN_AT_ONCE);
      }
    } catch (error) {
      deps.onError(error);
      keep(uses);
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

function toUse([id, { at, network }]: [string, Use]): CredentialUse {
  return { id, ago: performance.now() - at, network: coarse(network) };
}

// Whoever owns the application shall recognise where it runs, and no more is kept.
function coarse(network: string | undefined): string | undefined {
  return network?.replace(/^(\d+\.\d+\.\d+)\.\d+$/, '$1.0/24');
}
