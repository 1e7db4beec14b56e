// Who may sign up, and whether passwords are in use at all.

export const SIGN_UP_MODES = ['open', 'approval', 'invitation', 'closed'] as const;
export type SignUpMode = (typeof SIGN_UP_MODES)[number];

export interface SignUpConfig {
  mode: SignUpMode;
  /** Lower-case domains of addresses that may sign up; empty: all. */
  domains: string[];
  /** False: no local sign-in, sign-up or reset; people come from elsewhere. */
  passwords: boolean;
}

/** Reads GATEHOUSE_SIGN_UP, GATEHOUSE_SIGN_UP_DOMAINS and GATEHOUSE_PASSWORDS. */
export function readSignUp(
  values: Record<string, string | undefined>,
  demo: boolean,
  problems: string[],
): SignUpConfig {
  const asked = values['GATEHOUSE_SIGN_UP'] || (demo ? 'open' : 'closed');
  const mode = SIGN_UP_MODES.find((name) => name === asked);
  if (!mode) problems.push(`GATEHOUSE_SIGN_UP must be one of ${SIGN_UP_MODES.join(', ')}.`);
  const domains = readDomains(values['GATEHOUSE_SIGN_UP_DOMAINS'] ?? '', problems);
  const passwords = values['GATEHOUSE_PASSWORDS'] || 'on';
  if (passwords !== 'on' && passwords !== 'off')
    problems.push('GATEHOUSE_PASSWORDS must be on or off.');
  return { mode: mode ?? 'closed', domains, passwords: passwords === 'on' };
}

function readDomains(value: string, problems: string[]): string[] {
  const domains = value
    .split(',')
    .map((part) => part.trim().toLowerCase())
    .filter(Boolean);
  for (const domain of domains) {
    if (!/^[a-z0-9-]+(\.[a-z0-9-]+)+$/.test(domain))
      problems.push(`GATEHOUSE_SIGN_UP_DOMAINS: ${domain} is not a domain such as example.com.`);
  }
  return domains;
}
