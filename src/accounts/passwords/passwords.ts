// Passwords: argon2id under a pepper that is not in the database, a few at a time.
import argon2 from 'argon2';
import { AppError } from '../../errors.ts';

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
   * Checks a password against a hash; `outdated` says that it should be hashed again (older
   * parameters or pepper). Without a hash it does the same work and answers no, so that an unknown
   * account costs as much as a known one. Throws 503 when too many wait.
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
  const limited = createSemaphore(CONCURRENT, QUEUED);
  const decoy = await argon2.hash('a password that nobody has', { ...PARAMETERS, secret: pepper });

  const findPepper = async (hash: string, password: string) => {
    for (const secret of deps.peppers) {
      if (await argon2.verify(hash, normalize(password), { secret })) return secret;
    }
    return undefined;
  };

  return {
    hash: (password) =>
      limited(() => argon2.hash(normalize(password), { ...PARAMETERS, secret: pepper })),
    verify: (hash, password) =>
      limited(async () => {
        const used = isTooLong(password) ? undefined : await findPepper(hash ?? decoy, password);
        if (!used || !hash) return { matches: false, outdated: false };
        return { matches: true, outdated: used !== pepper || argon2.needsRehash(hash, PARAMETERS) };
      }),
  };
}

/** True when a password is longer than we hash. */
export function isTooLong(password: string): boolean {
  return [...password].length > MAX_PASSWORD_LENGTH;
}

// The same characters typed on two keyboards may differ in bytes (NIST SP 800-63B-4 section 3.1.1.2).
function normalize(password: string): string {
  return password.normalize('NFC');
}

function createSemaphore(concurrent: number, queued: number) {
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
