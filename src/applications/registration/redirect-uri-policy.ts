// Which redirect URIs may be registered. Stricter than the library, which takes http for web clients.
import type { RedirectUriType } from '../../storage/clients.ts';

/**
 * What is wrong with a URI: in words that follow the name of its field, and by a name, for the texts
 * `application.uri-<name>` of pages; `expected` is how it would be right.
 */
export interface UriProblem {
  name: string;
  text: string;
  expected?: string;
}

const LOOPBACK = new Set(['127.0.0.1', '[::1]', 'localhost']);
// RFC 8252 section 7.1: private-use schemes are reversed domain names.
const PRIVATE_SCHEME = /^[a-z][a-z0-9+-]*(\.[a-z0-9+-]+)+:$/;

const ODD_PATH = /%2f|%5c|%2e|\/\.\.?(\/|$)|\/\/|;/i;

const PROBLEMS = {
  absolute: 'must be an absolute URI',
  characters: 'must hold printable ASCII only, without spaces, wildcards, backslashes or brackets',
  fragment: 'must not contain a fragment',
  credentials: 'must not contain a user name or password',
  path: 'must have a plain path: no dot segments, double slashes, semicolons or encoded separators',
  https: 'must use https; http is for loopback addresses only',
  native:
    'must use https, http on a loopback address, or a private-use scheme such as com.example.orders:',
  'ip-address': 'must name a host, not an IP address',
  dot: 'must name a host without a trailing dot',
  production: 'must use https in production',
  origin: 'must be an origin such as https://portal.example.com',
};

const problem = (name: keyof typeof PROBLEMS): UriProblem => ({ name, text: PROBLEMS[name] });

/** Says what is wrong with a redirect URI of the given type, in words; undefined when it is fine. */
export function redirectUriProblem(uri: string, type: RedirectUriType): string | undefined {
  return findRedirectUriProblem(uri, type)?.text;
}

/** The same with the name of the problem. */
export function findRedirectUriProblem(uri: string, type: RedirectUriType): UriProblem | undefined {
  const url = URL.parse(uri);
  if (!url) return problem('absolute');
  return textProblem(uri, url) ?? schemeProblem(url, type);
}

// The browser follows the normal form and we compare text: only the normal form is safe.
function textProblem(uri: string, url: URL): UriProblem | undefined {
  if (/[^\x21-\x7e]|[\\"<>^`{|}*]/.test(uri)) return problem('characters');
  if (uri.includes('#')) return problem('fragment');
  if (url.username || url.password || /^[a-z]+:\/\/[^/?]*@/i.test(uri))
    return problem('credentials');
  if (uri !== url.href && `${uri}/` !== url.href)
    return { name: 'spelling', text: `must be written as ${url.href}`, expected: url.href };
  return !url.pathname.startsWith('/') || ODD_PATH.test(url.pathname + url.search)
    ? problem('path')
    : undefined;
}

function schemeProblem(url: URL, type: RedirectUriType): UriProblem | undefined {
  if (type === 'native' && PRIVATE_SCHEME.test(url.protocol)) return undefined;
  if (url.protocol === 'http:' && LOOPBACK.has(url.hostname)) return undefined;
  if (url.protocol !== 'https:') return problem(type === 'native' ? 'native' : 'https');
  if (isIpLiteral(url.hostname)) return problem('ip-address');
  return url.hostname.endsWith('.') ? problem('dot') : undefined;
}

/** Names what keeps a redirect URI, fine otherwise, out of production; undefined when nothing does. */
export function findProductionProblem(uri: string, type: RedirectUriType): UriProblem | undefined {
  return type !== 'native' && !uri.startsWith('https:') ? problem('production') : undefined;
}

function isIpLiteral(hostname: string): boolean {
  return hostname.startsWith('[') || /^[\d.]+$/.test(hostname);
}

/** Says what is wrong with a CORS origin; undefined when it is fine. */
export function findOriginProblem(origin: string): UriProblem | undefined {
  const url = URL.parse(origin);
  if (!url || url.origin !== origin || url.hostname.includes('*')) return problem('origin');
  const loopback = url.protocol === 'http:' && LOOPBACK.has(url.hostname);
  return url.protocol === 'https:' || loopback ? undefined : problem('https');
}
