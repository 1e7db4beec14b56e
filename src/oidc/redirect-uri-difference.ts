// In which part a redirect URI differs from what it should be.

export interface Difference {
  /** Such as `trailing-slash`; the texts are `refusal.difference-<part>`. */
  part:
    | 'case'
    | 'scheme'
    | 'host'
    | 'port'
    | 'trailing-slash'
    | 'path'
    | 'query'
    | 'spelling'
    | 'no-uri';
  /** For an error_description. */
  words: string;
}

const WORDS: Record<Difference['part'], string> = {
  case: 'upper and lower case differ',
  scheme: 'the scheme differs',
  host: 'the host differs',
  port: 'the port differs',
  'trailing-slash': 'a trailing slash differs',
  path: 'the path differs',
  query: 'the query differs',
  spelling: 'it is written differently',
  'no-uri': 'it is not an absolute URI',
};

/** Names the part in which two redirect URIs differ, without repeating either. */
export function differenceOf(sent: string, expected: string): Difference {
  const part = differingPart(sent, expected);
  return { part, words: WORDS[part] };
}

function differingPart(sent: string, expected: string): Difference['part'] {
  if (sent.toLowerCase() === expected.toLowerCase()) return 'case';
  const [a, b] = [URL.parse(sent), URL.parse(expected)];
  if (!a || !b) return 'no-uri';
  if (a.protocol !== b.protocol) return 'scheme';
  if (a.hostname !== b.hostname) return 'host';
  if (a.port !== b.port) return 'port';
  if (a.pathname !== b.pathname)
    return a.pathname.replace(/\/$/, '') === b.pathname.replace(/\/$/, '')
      ? 'trailing-slash'
      : 'path';
  return a.search === b.search ? 'spelling' : 'query';
}

/** The registered URI that is most like the one that was sent. */
export function nearestUri(sent: string, registered: string[]): string | undefined {
  const closeness = (uri: string) =>
    sharedStart(sent, uri) + sharedStart(reversed(sent), reversed(uri));
  return registered.toSorted((a, b) => closeness(b) - closeness(a))[0];
}

/** A redirect URI that somebody sent, without what may be a secret: values of its query, fragment, password. */
export function shownUri(uri: string): string {
  const url = URL.parse(uri);
  if (!url) return 'no absolute URI';
  const names = [...url.searchParams.keys()].map((name) => `${name}=…`);
  const query = names.length > 0 ? `?${names.join('&')}` : '';
  const credentials = url.username || url.password ? '…@' : '';
  return `${url.protocol}//${credentials}${url.host}${url.pathname}${query}${url.hash ? '#…' : ''}`
    .replace(/[^\x20-\x7e…]/g, '?')
    .slice(0, 300);
}

function sharedStart(a: string, b: string): number {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length += 1;
  return length;
}

function reversed(text: string): string {
  return [...text].reverse().join('');
}
