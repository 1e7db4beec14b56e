// Whose forwarded headers are believed.
import { isIP } from 'node:net';

/** Reads a list of addresses and CIDR ranges. */
export function readTrustedProxies(value: string | undefined, problems: string[]): string[] {
  const list = (value ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean);
  for (const entry of list) {
    const [address = '', bits] = entry.split('/');
    const version = isIP(address);
    const max = version === 4 ? 32 : 128;
    if (version === 0 || (bits !== undefined && !(/^\d+$/.test(bits) && Number(bits) <= max)))
      problems.push(`GATEHOUSE_TRUSTED_PROXIES: ${entry} is not an IP address or CIDR range.`);
  }
  return list;
}
