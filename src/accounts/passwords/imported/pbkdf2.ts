// PBKDF2 with SHA-1, SHA-256 or SHA-512: in PHC notation and passlib's, Django's, Werkzeug's, and as
// an object.
import { pbkdf2, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import {
  bytesOf,
  expectUsable,
  type Fields,
  fromBase64,
  fromHex,
  type HashKind,
  HashProblem,
  numberWithin,
  type Verifier,
} from './hash-kind.ts';

interface Pbkdf2Hash {
  digest: unknown;
  iterations: unknown;
  salt: Buffer;
  hash: Buffer;
}

const derive = promisify(pbkdf2);
const DIGESTS = ['sha1', 'sha256', 'sha512'];
/** About two seconds. */
const MOST_ITERATIONS = 4_000_000;

/** Reads `$pbkdf2-sha256$i=29000$salt$hash`, `pbkdf2_sha256$260000$salt$hash` and the like. */
export const pbkdf2Kind: HashKind = (source) => {
  const found = typeof source === 'string' ? read(source) : readObject(source);
  return found && verifierOf(found);
};

const PHC = /^\$pbkdf2(?:-(sha\d+))?\$(?:i=)?(\d+)(?:,l=\d+)?\$([^$]+)\$([^$]+)$/;
const DJANGO = /^pbkdf2_(sha\d+)\$(\d+)\$([^$]+)\$([^$]+)$/;
const WERKZEUG = /^pbkdf2:(sha\d+):(\d+)\$([^$]+)\$([^$]+)$/;

function read(source: string): Pbkdf2Hash | undefined {
  const phc = PHC.exec(source);
  if (phc) {
    const [, digest = 'sha1', iterations, salt, hash] = phc;
    return { digest, iterations, salt: fromBase64(salt, 'salt'), hash: fromBase64(hash, 'hash') };
  }
  const [, digest, iterations, salt = '', hash] =
    DJANGO.exec(source) ?? WERKZEUG.exec(source) ?? [];
  if (digest) {
    const bytes = DJANGO.test(source) ? fromBase64(hash, 'hash') : fromHex(hash, 'hash');
    return { digest, iterations, salt: Buffer.from(salt), hash: bytes };
  }
  if (/^\$?pbkdf2/.test(source))
    throw new HashProblem('it is not written like $pbkdf2-sha256$i=29000$salt$hash');
  return undefined;
}

function readObject(source: Fields): Pbkdf2Hash | undefined {
  const { algorithm, digest, iterations } = source;
  return algorithm === 'pbkdf2' ? { digest, iterations, ...bytesOf(source) } : undefined;
}

function verifierOf(found: Pbkdf2Hash): Verifier {
  const digest = String(found.digest).toLowerCase().replace('-', '');
  if (!DIGESTS.includes(digest))
    throw new HashProblem(`its digest must be one of ${DIGESTS.join(', ')}`);
  const iterations = numberWithin(found.iterations, 'iterations', 1, MOST_ITERATIONS);
  const { salt, hash } = expectUsable(found);
  return async (password) =>
    timingSafeEqual(await derive(password, salt, iterations, hash.length, digest), hash);
}
