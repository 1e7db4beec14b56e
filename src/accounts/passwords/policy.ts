// Which new passwords are accepted (NIST SP 800-63B-4 section 3.1.1.2): length decides, not composition;
// what everybody uses, and what is made of the person, is refused.
import type { Values } from '../../http/i18n.ts';
import { isCommonPassword } from './common-passwords.ts';
import { isTooLong, MAX_PASSWORD_LENGTH } from './passwords.ts';

/** Whose password it will be. */
export interface PasswordPerson {
  email: string;
  givenName?: string | undefined;
  familyName?: string | undefined;
}

/** Says what is wrong with a new password, by its key in the catalogs; undefined when it is fine. */
export type PasswordPolicy = (
  password: string,
  person: PasswordPerson,
) => Promise<{ key: string; values?: Values } | undefined>;

export interface PasswordRules {
  productName: string;
  /** Code points, at least. */
  minLength: number;
  /** Whether a password was stolen somewhere; asked only of what passes all else. */
  isBreached?: ((password: string) => Promise<boolean>) | undefined;
}

/** What is left of a password without the words that others know of its person must be this long. */
const OWN_PART = 8;

/** Creates the policy. */
export function createPasswordPolicy(rules: PasswordRules): PasswordPolicy {
  return async (password, person) => {
    const formal = formalProblem(password, rules.minLength);
    if (formal) return formal;
    if (isPersonal(password, wordsOf(person, rules.productName)))
      return { key: 'password.personal' };
    const common = isCommonPassword(password) || (await rules.isBreached?.(password));
    return common ? { key: 'password.common' } : undefined;
  };
}

function formalProblem(password: string, min: number) {
  if ([...password.normalize('NFC')].length < min)
    return { key: 'password.too-short', values: { min } };
  if (isTooLong(password))
    return { key: 'password.too-long', values: { max: MAX_PASSWORD_LENGTH } };
  return /\p{Cc}/u.test(password) ? { key: 'password.control-characters' } : undefined;
}

function wordsOf(person: PasswordPerson, productName: string): string[] {
  const texts = [person.email, person.givenName, person.familyName, productName, 'gatehouse'];
  const words = texts.flatMap((text) => (text ?? '').toLowerCase().split(/[^\p{L}\p{N}]+/u));
  return words.filter((word) => [...word].length >= 3).sort((a, b) => b.length - a.length);
}

function isPersonal(password: string, words: string[]): boolean {
  const plain = password.normalize('NFC').toLowerCase();
  const rest = words.reduce((left, word) => left.replaceAll(word, ''), plain);
  return rest !== plain && [...rest.replace(/[^\p{L}]/gu, '')].length < OWN_PART;
}
