// Which redirect URIs may be registered. Stricter than the library, which takes http for web clients.
import type { RedirectUriType } from '../../storage/clients.ts';

const LOOPBACK = new Set(['127.0.0.1', '[::1]', 'localhost']);
// RFC 8252 section 7.1: private-use schemes are reversed domain names.
const PRIVATE_SCHEME = /^[a-z][a-z0-9+-]*(\.[a-z0-9+-]+)+:$/;

const ODD_PATH = /%2f|%5c|%2e|\/\.\.?(\/|$)|\/\/|;/i;

/** Says what is wrong with a redirect URI of the given type, in words; undefined when it is fine. */
export function redirectUriProblem(uri: string, type: RedirectUriType): string | undefined {
  const url = URL.parse(uri);
  if (!url) return 'must be an absolute URI';
  return textProblem(uri, url) ?? schemeProblem(url, type);
}

// The browser follows the normal form and we compare text: only the normal form is safe.
function textProblem(uri: string, url: URL): string | undefined {
  if (/[^\x21-\x7e]|[\\"<>^`{|}*]/.test(uri))
    return 'must hold printable ASCII only, without spaces, wildcards, backslashes or brackets';
  if (uri.includes('#')) return 'must not contain a fragment';
  if (url.username || url.password || /^[a-z]+:\/\/[^/?]*@/i.test(uri))
    return 'must not contain a user name or password';
  if (uri !== url.href && `${uri}/` !== url.href) return `must be written as ${url.href}`;
  if (!url.pathname.startsWith('/') || ODD_PATH.test(url.pathname + url.search))
    return 'must have a plain path: no dot segments, double slashes, semicolons or encoded separators';
  return undefined;
}

function schemeProblem(url: URL, type: RedirectUriType): string | undefined {
  if (type === 'native' && PRIVATE_SCHEME.test(url.protocol)) return undefined;
  if (url.protocol === 'http:' && LOOPBACK.has(url.hostname)) return undefined;
  if (url.protocol !== 'https:') {
    return type === 'native'
      ? 'must use https, http on a loopback address, or a private-use scheme such as com.example.orders:'
      : 'must use https; http is for loopback addresses only';
  }
  if (isIpLiteral(url.hostname)) return 'must name a host, not an IP address';
  if (url.hostname.endsWith('.')) return 'must name a host without a trailing dot';
  return undefined;
}

/** The same for a client that may be in production, where no loopback page is anybody's. */
export function clientRedirectUriProblem(
  uri: string,
  type: RedirectUriType,
  inProduction: boolean,
): string | undefined {
  const problem = redirectUriProblem(uri, type);
  if (problem || !inProduction || type === 'native' || uri.startsWith('https:')) return problem;
  return 'must use https in production';
}

function isIpLiteral(hostname: string): boolean {
  return hostname.startsWith('[') || /^[\d.]+$/.test(hostname);
}

/** Says what is wrong with a CORS origin; undefined when it is fine. */
export function originProblem(origin: string): string | undefined {
  const url = URL.parse(origin);
  if (!url || url.origin !== origin || url.hostname.includes('*'))
    return 'must be an origin such as https://portal.example.com';
  const loopback = url.protocol === 'http:' && LOOPBACK.has(url.hostname);
  return url.protocol === 'https:' || loopback
    ? undefined
    : 'must use https; http is for loopback addresses only';
}
