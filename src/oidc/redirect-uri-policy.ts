// Which redirect URIs may be registered. Stricter than the library, which takes http for web clients.
import type { RedirectUriType } from '../storage/clients.ts';

const LOOPBACK = new Set(['127.0.0.1', '[::1]', 'localhost']);
// RFC 8252 section 7.1: private-use schemes are reversed domain names.
const PRIVATE_SCHEME = /^[a-z][a-z0-9+-]*(\.[a-z0-9+-]+)+:$/;

/** Says what is wrong with a redirect URI of the given type, in words; undefined when it is fine. */
export function redirectUriProblem(uri: string, type: RedirectUriType): string | undefined {
  if (/[^\x21-\x7e]|[\\"<>^`{|}*]/.test(uri))
    return 'must hold printable ASCII only, without spaces, wildcards, backslashes or brackets';
  const url = URL.parse(uri);
  if (!url) return 'must be an absolute URI';
  if (uri.includes('#')) return 'must not contain a fragment';
  if (url.username || url.password || /^[a-z]+:\/\/[^/?]*@/i.test(uri))
    return 'must not contain a user name or password';
  if (type === 'native' && PRIVATE_SCHEME.test(url.protocol)) return undefined;
  return webProblem(uri, url, type);
}

function webProblem(uri: string, url: URL, type: RedirectUriType): string | undefined {
  if (url.protocol === 'http:' && LOOPBACK.has(url.hostname)) return undefined;
  if (url.protocol !== 'https:') {
    return type === 'native'
      ? 'must use https, http on a loopback address, or a private-use scheme such as com.example.orders:'
      : 'must use https; http is for loopback addresses only';
  }
  if (isIpLiteral(url.hostname)) return 'must name a host, not an IP address';
  // The browser compares what it normalises, we compare text: only the normal form is safe.
  if (!uri.startsWith(url.origin)) return `must be written as ${url.href}`;
  if (/%2f|%5c|%2e|\/\.\.?(\/|$)|\/\/|;/i.test(uri.slice(url.origin.length)))
    return 'must not contain dot segments, double slashes, semicolons or encoded separators';
  return undefined;
}

function isIpLiteral(hostname: string): boolean {
  return hostname.startsWith('[') || /^[\d.]+$/.test(hostname);
}

/** Says what is wrong with a CORS origin; undefined when it is fine. */
export function originProblem(origin: string): string | undefined {
  const url = URL.parse(origin);
  if (!url || url.origin !== origin) return 'must be an origin such as https://portal.example.com';
  if (url.protocol === 'http:' && !LOOPBACK.has(url.hostname))
    return 'must use https; http is for loopback addresses only';
  return undefined;
}
