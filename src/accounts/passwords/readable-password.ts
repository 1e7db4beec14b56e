// A first password for somebody else: random, and still easy to read and type.
import { randomInt } from 'node:crypto';

// Letters and digits that are not mistaken for one another.
const ALPHABET = 'abcdefghjkmnpqrstuvwxyz23456789';

/** At least 79 random bits in groups of four characters, such as `k7mq-x2cd-9fhe-p4rt`. */
export function readablePassword(minLength = 0): string {
  const groups = Math.max(4, Math.ceil((minLength + 1) / 5));
  const characters = Array.from({ length: 4 * groups }, () => ALPHABET[randomInt(ALPHABET.length)]);
  return characters.join('').replace(/(.{4})(?=.)/g, '$1-');
}
