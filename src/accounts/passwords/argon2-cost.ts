// What an argon2 hash costs to check, read from itself: whoever could write one to the database could
// otherwise make the server spend gigabytes or minutes on it.

const NOTATION =
  /^\$argon2(?:id|i|d)\$(?:v=(?:16|19)\$)?([mtp]=\d{1,10}(?:,[mtp]=\d{1,10}){2})\$[A-Za-z0-9+/]{11,}\$[A-Za-z0-9+/]{16,}$/;
const MOST_KIB = 256 * 1024;
const MOST_LANES = 16;
/** Memory times passes: about two seconds. */
const MOST_WORK = 1024 * 1024;

/** Says what is wrong with an argon2 hash, as the end of a sentence about it; undefined when it can be checked. */
export function argon2Problem(hash: string): string | undefined {
  const parameters =
    NOTATION.exec(hash)?.[1]
      ?.split(',')
      .map((part) => part.split('=')) ?? [];
  // Libraries write them in different orders.
  const {
    m: memory,
    t: passes,
    p: lanes,
  } = Object.fromEntries(parameters.map(([name, value]) => [name, Number(value)]));
  if (!memory || !passes || !lanes)
    return 'it is not written like $argon2id$v=19$m=65536,t=3,p=4$salt$hash';
  // The algorithm has no blocks to work with otherwise, and its library throws (RFC 9106 section 3.1).
  if (memory < 8 * lanes) return 'its m must be at least 8 times its p';
  if (memory > MOST_KIB || lanes > MOST_LANES || memory * passes > MOST_WORK)
    return `it costs too much: at most m=${MOST_KIB}, p=${MOST_LANES} and ${MOST_WORK} for m times t`;
  return undefined;
}
