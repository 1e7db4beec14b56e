// scrypt in PHC notation, in Werkzeug's, and as an object.
import { scrypt, timingSafeEqual } from 'node:crypto';
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

interface ScryptHash {
  N: number;
  r: number;
  p: number;
  salt: Buffer;
  hash: Buffer;
}

// The types know the callback only with options left out.
const derive = promisify(scrypt) as (
  password: string,
  salt: Buffer,
  length: number,
  options: { N: number; r: number; p: number; maxmem: number },
) => Promise<Buffer>;
const MOST_BYTES = 256 * 1024 * 1024;
/** N times r times p: about two seconds. */
const MOST_WORK = 2 ** 22;

/** Reads `$scrypt$ln=16,r=8,p=1$salt$hash`, `scrypt:32768:8:1$salt$hex` and `{ algorithm: 'scrypt', n, r, p, salt, hash }`. */
export const scryptKind: HashKind = (source) => {
  const found = typeof source === 'string' ? read(source) : readObject(source);
  return found && verifierOf(found);
};

function read(source: string): ScryptHash | undefined {
  const [, ln, r, p, salt, hash] =
    /^\$scrypt\$ln=(\d+),r=(\d+),p=(\d+)\$([^$]+)\$([^$]+)$/.exec(source) ?? [];
  if (salt) {
    const N = 2 ** numberWithin(ln, 'ln', 1, 24);
    return checked({ N, r, p, salt: fromBase64(salt, 'salt'), hash: fromBase64(hash, 'hash') });
  }
  const [, n, wr, wp, text, hex] =
    /^scrypt:(\d+):(\d+):(\d+)\$([^$]+)\$([^$]+)$/.exec(source) ?? [];
  if (text)
    return checked({ N: n, r: wr, p: wp, salt: Buffer.from(text), hash: fromHex(hex, 'hash') });
  if (/^\$?scrypt\b/.test(source))
    throw new HashProblem('it is not written like $scrypt$ln=16,r=8,p=1$salt$hash');
  return undefined;
}

function readObject(source: Fields): ScryptHash | undefined {
  if (source['algorithm'] !== 'scrypt') return undefined;
  // RFC 7914 calls it N, and most libraries n.
  return checked({
    N: source['N'] ?? source['n'],
    r: source['r'],
    p: source['p'],
    ...bytesOf(source),
  });
}

function checked(raw: {
  N: unknown;
  r: unknown;
  p: unknown;
  salt: Buffer;
  hash: Buffer;
}): ScryptHash {
  const N = numberWithin(raw.N, 'n', 2, 2 ** 24);
  const r = numberWithin(raw.r, 'r', 1, 64);
  const p = numberWithin(raw.p, 'p', 1, 64);
  if (!Number.isInteger(Math.log2(N))) throw new HashProblem('its n must be a power of two');
  // RFC 7914 section 2; OpenSSL throws otherwise.
  if (Math.log2(N) >= 16 * r) throw new HashProblem('its n is too large for its r');
  if (128 * N * r > MOST_BYTES || N * r * p > MOST_WORK)
    throw new HashProblem(
      `it costs too much: at most ${MOST_BYTES} bytes and ${MOST_WORK} for n times r times p`,
    );
  return expectUsable({ N, r, p, salt: raw.salt, hash: raw.hash });
}

function verifierOf({ salt, hash, ...cost }: ScryptHash): Verifier {
  const options = { ...cost, maxmem: 2 * MOST_BYTES };
  return async (password) =>
    timingSafeEqual(await derive(password, salt, hash.length, options), hash);
}
