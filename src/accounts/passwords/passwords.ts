// Passwords: argon2id under a pepper that is not in the database, a few at a time.
import argon2 from 'argon2';
import { argon2Problem } from './argon2-cost.ts';
import { createHashingQueue } from './hashing-queue.ts';
import { isImportedHash, verifyImportedHash } from './imported/hash-kinds.ts';

// 2 is argon2id: the package's own constant is typed as any number.
const PARAMETERS = { type: 2, memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;
/** Code points; more is refused before hashing. */
export const MAX_PASSWORD_LENGTH = 128;
// Hashing shares the thread pool with token signing: two at once keep it free (docs: speed).
const CONCURRENT = 2;
const QUEUED = 100;

export interface Passwords {
  /** Hashes a new password. Throws 503 when too many wait. */
  hash(password: string): Promise<string>;
  /**
   * Checks a password against a hash, ours or imported; `outdated` says that it should be hashed again
   * (older parameters or pepper, or another system's). Without a hash, or with one that would cost too
   * much to check, it does the same work and answers no, so that an unknown account costs as much as a
   * known one. Throws 503 when too many wait.
   */
  verify(
    hash: string | null | undefined,
    password: string,
  ): Promise<{ matches: boolean; outdated: boolean }>;
}

/** `peppers`: the first is current, the others are still accepted. */
export async function createPasswords(deps: { peppers: Buffer[] }): Promise<Passwords> {
  const [pepper] = deps.peppers;
  if (!pepper) throw new Error('no password pepper is configured');
  const limited = createHashingQueue(CONCURRENT, QUEUED);
  const decoy = await argon2.hash('a password that nobody has', { ...PARAMETERS, secret: pepper });

  const findPepper = async (hash: string, password: string) => {
    for (const secret of deps.peppers) {
      if (await argon2.verify(hash, normalize(password), { secret })) return secret;
    }
    return undefined;
  };

  const verifyImported = async (hash: string, password: string) => {
    const matches = await verifyImportedHash(hash, password, deps.peppers);
    // A weak hash is checked at once: without this, its owners would be known by the time it takes.
    if (!matches) await findPepper(decoy, password);
    return { matches, outdated: matches };
  };

  const verifyOwn = async (hash: string, password: string) => {
    const used = await findPepper(hash, password);
    if (!used) return NO;
    return { matches: true, outdated: used !== pepper || argon2.needsRehash(hash, PARAMETERS) };
  };

  const verify = async (hash: string | null | undefined, password: string) => {
    if (hash && isImportedHash(hash)) return verifyImported(hash, password);
    if (hash && !argon2Problem(hash)) return verifyOwn(hash, password);
    await findPepper(decoy, password);
    return NO;
  };

  return {
    hash: (password) =>
      limited(() => argon2.hash(normalize(password), { ...PARAMETERS, secret: pepper })),
    // What nobody can have is nobody's turn in the queue.
    verify: async (hash, password) =>
      isTooLong(password) ? NO : limited(() => verify(hash, password)),
  };
}

const NO = { matches: false, outdated: false };

/** True when a password is longer than we hash. */
export function isTooLong(password: string): boolean {
  return [...password].length > MAX_PASSWORD_LENGTH;
}

// The same characters typed on two keyboards may differ in bytes (NIST SP 800-63B-4 section 3.1.1.2).
function normalize(password: string): string {
  return password.normalize('NFC');
}
