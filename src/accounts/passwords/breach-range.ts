// Whether a password was stolen somewhere, asked by k-anonymity: five hexadecimal digits of its SHA-1
// leave this machine, and a thousand others begin with the same. When nobody answers, it counts as
// not stolen: the list that we ship was asked before.
import { createHash } from 'node:crypto';

const TIMEOUT_MS = 1000;

/** Creates the look-up; `url` is a range address such as https://api.pwnedpasswords.com/range/. */
export function createBreachLookup(deps: {
  url: string;
  onError: (error: unknown) => void;
}): (password: string) => Promise<boolean> {
  return async (password) => {
    const digest = createHash('sha1').update(password.normalize('NFC')).digest('hex').toUpperCase();
    try {
      const response = await fetch(new URL(digest.slice(0, 5), deps.url), {
        headers: { 'Add-Padding': 'true' },
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      if (!response.ok) throw new Error(`the range look-up answered ${response.status}`);
      const suffix = digest.slice(5);
      return (await response.text()).split('\n').some((line) => isHit(line.trim(), suffix));
    } catch (error) {
      deps.onError(error);
      return false;
    }
  };
}

// Padding lines have a count of 0.
function isHit(line: string, suffix: string): boolean {
  return line.startsWith(`${suffix}:`) && !line.endsWith(':0');
}
