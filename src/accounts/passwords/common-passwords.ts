// Whether a password is among the half million that are tried first. The list is shipped as sorted
// 32-bit prefixes of SHA-256: two megabytes, a binary search, and one in 9,000 others is refused too.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

const FILE = new URL('common-passwords.bin', import.meta.url);
let loaded: Buffer | undefined;

// What people write for letters, and what they add to a word to make it longer.
const LEET: Record<string, string> = { '0': 'o', '1': 'i', '3': 'e', '4': 'a', '5': 's', '7': 't' };
const SYMBOLS: Record<string, string> = { '@': 'a', $: 's', '!': 'i' };

/** True for a listed password, a listed word with digits and signs around it, or one that repeats. */
export function isCommonPassword(password: string): boolean {
  const plain = password.normalize('NFC').toLowerCase();
  return candidates(plain).some((candidate) => candidate.length < 4 || isListed(candidate));
}

function candidates(plain: string): string[] {
  const letters = plain.replace(/[013457@$!]/g, (sign) => LEET[sign] ?? SYMBOLS[sign] ?? '');
  // A listed word within a passphrase is no harm; as nothing but its core it is.
  const forms = [plain, trimmed(plain), trimmed(letters)];
  const units = forms.flatMap((form) => /^(.+?)\1+$/su.exec(form)?.[1] ?? []);
  return [...new Set([...forms, ...units, ...units.map(trimmed)])];
}

function trimmed(text: string): string {
  return text.replace(
    /^[^\p{L}\p{Extended_Pictographic}]+|[^\p{L}\p{Extended_Pictographic}]+$/gu,
    '',
  );
}

function isListed(candidate: string): boolean {
  loaded ??= readFileSync(FILE);
  const wanted = createHash('sha256').update(candidate).digest().readUInt32BE();
  let low = 0;
  let high = loaded.length / 4 - 1;
  while (low <= high) {
    const middle = (low + high) >>> 1;
    const found = loaded.readUInt32BE(middle * 4);
    if (found === wanted) return true;
    if (found < wanted) low = middle + 1;
    else high = middle - 1;
  }
  return false;
}
