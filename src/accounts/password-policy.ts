// Which new passwords are accepted (NIST SP 800-63B-4 section 3.1.1.2): length decides, not composition.
import { isTooLong, MAX_PASSWORD_LENGTH } from './password.ts';

/** Code points, where the password is the only factor. */
const MIN_PASSWORD_LENGTH = 15;

/** Says what is wrong with a new password, in words; undefined when it is fine. */
export function passwordProblem(password: string): string | undefined {
  if ([...password.normalize('NFC')].length < MIN_PASSWORD_LENGTH)
    return `The password must have at least ${MIN_PASSWORD_LENGTH} characters: a few words in a row will do.`;
  if (isTooLong(password))
    return `The password must have at most ${MAX_PASSWORD_LENGTH} characters.`;
  if (/\p{Cc}/u.test(password))
    return 'The password must not contain line breaks, tabs or other control characters: a form could not send them.';
  return undefined;
}
