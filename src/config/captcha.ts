// Which kinds of CAPTCHA the forms offer.

const KINDS = ['svg', 'altcha', 'turnstile', 'hcaptcha', 'recaptcha'] as const;
const SERVICES = new Set<string>(['turnstile', 'hcaptcha', 'recaptcha']);

export interface CaptchaConfig {
  /** One right answer is enough; empty: none is asked. */
  kinds: (typeof KINDS)[number][];
  /** Of a service, as it names them. */
  siteKey: string;
  secret: string;
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
  if (verifyUrl && !URL.canParse(verifyUrl))
    problems.push('GATEHOUSE_CAPTCHA_VERIFY_URL must be a URL.');
  return { kinds, siteKey, secret, verifyUrl };
}

function readKinds(value: string, problems: string[]): CaptchaConfig['kinds'] {
  const asked = value.split(',').map((part) => part.trim());
  const kinds = KINDS.filter((kind) => asked.includes(kind));
  if (value !== 'off' && kinds.length !== asked.length)
    problems.push(`GATEHOUSE_CAPTCHA must be off, or a list of ${KINDS.join(', ')}.`);
  return kinds;
}
