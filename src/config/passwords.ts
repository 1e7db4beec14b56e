// What new passwords must be.

export interface PasswordConfig {
  minLength: number;
  /** Where stolen passwords are looked up by k-anonymity; undefined: nowhere. */
  breachUrl: string | undefined;
}

const LEAST = 8;
const MOST = 64;

/** Reads GATEHOUSE_PASSWORD_MIN_LENGTH and GATEHOUSE_BREACH_URL. */
export function readPasswords(
  values: Record<string, string | undefined>,
  problems: string[],
): PasswordConfig {
  const minLength = Number(values['GATEHOUSE_PASSWORD_MIN_LENGTH'] || 15);
  if (!Number.isInteger(minLength) || minLength < LEAST || minLength > MOST)
    problems.push(`GATEHOUSE_PASSWORD_MIN_LENGTH must be a number from ${LEAST} to ${MOST}.`);
  const breachUrl = values['GATEHOUSE_BREACH_URL'] || undefined;
  if (breachUrl && !breachUrl.endsWith('/'))
    problems.push(
      'GATEHOUSE_BREACH_URL must end with a slash, such as https://api.pwnedpasswords.com/range/.',
    );
  return { minLength, breachUrl };
}
