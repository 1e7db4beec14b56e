// A first password for somebody else: random, and still easy to read and type.
import { randomInt } from 'node:crypto';

// Letters and digits that are not mistaken for one another.
const ALPHABET = 'abcdefghjkmnpqrstuvwxyz23456789';

/** 79 random bits as four groups of four characters, such as `k7mq-x2cd-9fhe-p4rt`. */
export function readablePassword(): string {
  const characters = Array.from({ length: 16 }, () => ALPHABET[randomInt(ALPHABET.length)]);
  return characters.join('').replace(/(.{4})(?=.)/g, '$1-');
}
