// What every kind of foreign password hash is. A new kind is one file and one line in hash-kinds.ts.

/** What a line of an import says: a string in one of the usual notations, or an object of fields. */
export type HashSource = string | Fields;

/** An object in an import. Its values are plain, so that no depth or odd prototype has to be thought of. */
export type Fields = Record<string, string | number>;

/** Checks a password against one hash. */
export type Verifier = (password: string) => Promise<boolean>;

/**
 * Understands one kind: undefined for a source that is another kind's. Throws a HashProblem when it
 * is of this kind and cannot be used.
 */
export type HashKind = (source: HashSource) => Verifier | undefined;

/** Why a hash is refused, as the end of a sentence about it. */
export class HashProblem extends Error {}

/** Base64 with either alphabet, passlib's `.` for `+`, with or without padding. */
export function fromBase64(text: unknown, what: string): Buffer {
  if (typeof text !== 'string' || !/^[\w+/.-]+={0,2}$/.test(text))
    throw new HashProblem(`its ${what} is not base64`);
  return Buffer.from(text.replaceAll('.', '+'), 'base64');
}

/** Hexadecimal digits. */
export function fromHex(text: unknown, what: string): Buffer {
  if (typeof text !== 'string' || !/^([\da-f]{2})+$/i.test(text))
    throw new HashProblem(`its ${what} is not hexadecimal`);
  return Buffer.from(text, 'hex');
}

/** The `salt` and `hash` of an object, in its `encoding`. */
export function bytesOf(source: Fields): { salt: Buffer; hash: Buffer } {
  const { encoding = 'base64', salt, hash } = source;
  if (encoding !== 'base64' && encoding !== 'hex')
    throw new HashProblem('its encoding must be base64 or hex');
  const read = encoding === 'hex' ? fromHex : fromBase64;
  return expectUsable({ salt: read(salt, 'salt'), hash: read(hash, 'hash') });
}

/** Refuses what is too short to protect a password, or too long to be what it says. */
export function expectUsable<T extends { salt: Buffer; hash: Buffer }>(parts: T): T {
  if (parts.salt.length < 4 || parts.salt.length > 1024)
    throw new HashProblem('its salt must have 4 to 1024 bytes');
  if (parts.hash.length < 16 || parts.hash.length > 128)
    throw new HashProblem('its hash must have 16 to 128 bytes');
  return parts;
}

/** A whole number within limits; what costs more would be an attack on the server. */
export function numberWithin(value: unknown, what: string, least: number, most: number): number {
  const number = typeof value === 'string' && /^\d{1,10}$/.test(value) ? Number(value) : value;
  if (
    typeof number !== 'number' ||
    !Number.isSafeInteger(number) ||
    number < least ||
    number > most
  )
    throw new HashProblem(`its ${what} must be a whole number from ${least} to ${most}`);
  return number;
}
