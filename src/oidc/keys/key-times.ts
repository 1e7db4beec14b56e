// How long keys wait and stay. The argument for each of these times is in docs/keys.md.
import type { KeyTimes } from '../../config/key-times.ts';
import type { Database } from '../../storage/database.ts';

/**
 * After this many seconds every node that still signs has heard of a change: a node that missed the
 * news asks within five seconds, and one that cannot ask signs nothing.
 */
export const NEWS_SECONDS = 10;

/** What the work on keys needs. */
export interface KeyDeps {
  db: Database;
  encryptionKeys: Buffer[];
  keyTimes: KeyTimes;
}
