// The network that a request comes from: what throttling counts and the audit trail keeps.
import { isIPv6 } from 'node:net';

/** An IPv4 address, or the /64 of an IPv6 address: one subscriber holds all addresses of that. */
export function networkOf(ip: string): string {
  if (!isIPv6(ip)) return ip;
  // WHATWG URLs write IPv6 addresses in one canonical form, without embedded IPv4.
  const canonical = URL.parse(`http://[${ip.replace(/%.*$/, '')}]`)?.hostname.slice(1, -1) ?? ip;
  const [head = '', tail] = canonical.split('::');
  const groups = head.split(':').filter(Boolean);
  const missing =
    tail === undefined ? 0 : 8 - groups.length - tail.split(':').filter(Boolean).length;
  const full = [...groups, ...Array<string>(missing).fill('0'), ...(tail?.split(':') ?? [])];
  return `${full.slice(0, 4).join(':')}::/64`;
}
