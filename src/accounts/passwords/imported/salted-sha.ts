// SHA-1, SHA-256 and SHA-512 of a password and a salt: LDAP's notation, and objects. They are weak:
// each lives only until its owner signs in.
import { createHash, timingSafeEqual } from 'node:crypto';
import {
  bytesOf,
  expectUsable,
  type Fields,
  fromBase64,
  type HashKind,
  HashProblem,
  type Verifier,
} from './hash-kind.ts';

const LENGTHS: Record<string, number> = { sha1: 20, sha256: 32, sha512: 64 };
const LDAP: Record<string, string> = { SSHA: 'sha1', SSHA256: 'sha256', SSHA512: 'sha512' };

/** Reads `{SSHA256}base64` and `{ algorithm: 'sha256', salt, hash, salt_position }`. */
export const saltedShaKind: HashKind = (source) =>
  typeof source === 'string' ? readLdap(source) : readObject(source);

function readLdap(source: string): Verifier | undefined {
  const [, scheme = '', encoded] = /^\{(\w+)\}(.*)$/.exec(source) ?? [];
  if (/^(SHA|MD5|SMD5)/i.test(scheme)) throw new HashProblem('it has no salt, or is MD5');
  const digest = LDAP[scheme.toUpperCase()];
  if (!digest) return undefined;
  const bytes = fromBase64(encoded, 'hash');
  const length = LENGTHS[digest] ?? 0;
  return verifierOf({
    ...{
      digest,
      position: 'suffix',
      hash: bytes.subarray(0, length),
      salt: bytes.subarray(length),
    },
  });
}

function readObject(source: Fields): Verifier | undefined {
  const digest = String(source['algorithm']).toLowerCase().replace('-', '');
  if (!Object.hasOwn(LENGTHS, digest)) return undefined;
  return verifierOf({ digest, position: source['salt_position'], ...bytesOf(source) });
}

function verifierOf(parts: {
  digest: string;
  position: unknown;
  salt: Buffer;
  hash: Buffer;
}): Verifier {
  const { digest, position, salt, hash } = expectUsable(parts);
  if (position !== 'prefix' && position !== 'suffix')
    throw new HashProblem('its salt_position must be prefix or suffix');
  if (hash.length !== LENGTHS[digest])
    throw new HashProblem(`its hash must have ${LENGTHS[digest]} bytes`);
  return async (password) => {
    const typed = Buffer.from(password);
    const order = position === 'prefix' ? [salt, typed] : [typed, salt];
    return timingSafeEqual(createHash(digest).update(Buffer.concat(order)).digest(), hash);
  };
}
