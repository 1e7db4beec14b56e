// Which kinds of CAPTCHA the forms offer.

const KINDS = ['svg', 'altcha', 'turnstile', 'hcaptcha', 'recaptcha'] as const;
const SERVICES = new Set<string>(['turnstile', 'hcaptcha', 'recaptcha']);

export interface CaptchaConfig {
  /** One right answer is enough; empty: none is asked. */
  kinds: (typeof KINDS)[number][];
  /** Of a service, as it names them. */
  siteKey: string;
  secret: string;
  /** reCAPTCHA v3 with at least this score; undefined: v2, which shows a box to tick. */
  minScore?: number | undefined;
  /** Stands in for the address of the service. */
  verifyUrl: string | undefined;
}

/** Reads GATEHOUSE_CAPTCHA and what its kinds need. */
export function readCaptcha(
  values: Record<string, string | undefined>,
  problems: string[],
): CaptchaConfig {
  const kinds = readKinds(values['GATEHOUSE_CAPTCHA'] || 'svg,altcha', problems);
  const services = kinds.filter((kind) => SERVICES.has(kind));
  const siteKey = values['GATEHOUSE_CAPTCHA_SITE_KEY'] ?? '';
  const secret = values['GATEHOUSE_CAPTCHA_SECRET'] ?? '';
  if (services.length > 1)
    problems.push(`GATEHOUSE_CAPTCHA names ${services.join(' and ')}: choose one of them.`);
  if (services.length > 0 && (!siteKey || !secret))
    problems.push(
      `GATEHOUSE_CAPTCHA=${services[0]} needs GATEHOUSE_CAPTCHA_SITE_KEY and GATEHOUSE_CAPTCHA_SECRET.`,
    );
  const verifyUrl = values['GATEHOUSE_CAPTCHA_VERIFY_URL'];
  if (verifyUrl && !isSafe(verifyUrl))
    problems.push(
      'GATEHOUSE_CAPTCHA_VERIFY_URL must be an https URL; http is allowed on loopback only.',
    );
  const minScore = readMinScore(values['GATEHOUSE_CAPTCHA_MIN_SCORE'], kinds, problems);
  return { kinds, siteKey, secret, minScore, verifyUrl };
}

// It is sent the secret.
function isSafe(address: string): boolean {
  const url = URL.parse(address);
  const isLoopback = url?.hostname === '127.0.0.1' || url?.hostname === 'localhost';
  return url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback);
}

function readMinScore(
  value: string | undefined,
  kinds: CaptchaConfig['kinds'],
  problems: string[],
): number | undefined {
  if (!value) return undefined;
  const score = Number(value);
  if (!(score > 0 && score <= 1))
    problems.push('GATEHOUSE_CAPTCHA_MIN_SCORE must be a number above 0, and at most 1.');
  if (!kinds.includes('recaptcha'))
    problems.push('GATEHOUSE_CAPTCHA_MIN_SCORE is for GATEHOUSE_CAPTCHA=recaptcha.');
  return score;
}

function readKinds(value: string, problems: string[]): CaptchaConfig['kinds'] {
  const asked = value.split(',').map((part) => part.trim());
  const kinds = KINDS.filter((kind) => asked.includes(kind));
  if (value !== 'off' && kinds.length !== asked.length)
    problems.push(`GATEHOUSE_CAPTCHA must be off, or a list of ${KINDS.join(', ')}.`);
  return kinds;
}
