// Hashes that come from other systems. They are kept sealed under the pepper until their owner signs
// in: a copy of the database says nothing about them, however weak they are.
import { seal, unseal } from '../../../storage/sealed-value.ts';
import { argon2Kind } from './argon2.ts';
import { bcryptKind } from './bcrypt.ts';
import {
  type Fields,
  type HashKind,
  HashProblem,
  type HashSource,
  type Verifier,
} from './hash-kind.ts';
import { pbkdf2Kind } from './pbkdf2.ts';
import { saltedShaKind } from './salted-sha.ts';
import { scryptKind } from './scrypt.ts';

const KINDS: HashKind[] = [argon2Kind, bcryptKind, scryptKind, pbkdf2Kind, saltedShaKind];
const PREFIX = 'imported:';
const CONTEXT = 'imported password hash';
const LONGEST = 4096;

/** Seals a foreign hash for the column of our own. Throws a HashProblem that says why it cannot be used. */
export function sealImportedHash(source: HashSource, pepper: Buffer): string {
  const text = JSON.stringify(source);
  if (text.length > LONGEST) throw new HashProblem('it is too long');
  verifierOf(source);
  return PREFIX + seal(pepper, text, CONTEXT).toString('base64');
}

/** True for what `sealImportedHash` made. */
export function isImportedHash(stored: string): boolean {
  return stored.startsWith(PREFIX);
}

/** Checks a password against a sealed foreign hash. */
export async function verifyImportedHash(
  stored: string,
  password: string,
  peppers: Buffer[],
): Promise<boolean> {
  const source = open(stored, peppers);
  const verify = source === undefined ? undefined : usable(source);
  if (!verify) return false;
  // Other systems hash what is typed; some compose its characters first, as we do.
  for (const typed of new Set([password, password.normalize('NFC')])) {
    if (await verify(typed)) return true;
  }
  return false;
}

// Sealed under a pepper that is no longer accepted, it matches nothing, as hashes of our own do.
function open(stored: string, peppers: Buffer[]): HashSource | undefined {
  const sealed = Buffer.from(stored.slice(PREFIX.length), 'base64');
  try {
    return JSON.parse(unseal(peppers, sealed, CONTEXT));
  } catch {
    return undefined;
  }
}

// An earlier release may have accepted what is refused now: it matches nothing, and is not computed.
function usable(source: HashSource): Verifier | undefined {
  try {
    return verifierOf(source);
  } catch (error) {
    if (error instanceof HashProblem) return undefined;
    throw error;
  }
}

function verifierOf(source: HashSource): Verifier {
  // `{ algorithm, hash }` with a complete notation in `hash` is the same as that notation alone.
  const plain = typeof source === 'string' ? source : (notationIn(source) ?? source);
  for (const kind of KINDS) {
    const verifier = kind(plain);
    if (verifier) return verifier;
  }
  throw new HashProblem(
    'it is no argon2, bcrypt, scrypt, PBKDF2 or salted SHA hash that is known here',
  );
}

function notationIn({ algorithm, hash }: Fields): string | undefined {
  const complete = typeof hash === 'string' && /^(\$|\{\w+\}|\w+[:$])/.test(hash);
  return complete && /^(argon2|bcrypt)/.test(String(algorithm)) ? hash : undefined;
}
