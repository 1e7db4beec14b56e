// Values that mean something to a database, a parser, a template or a shell.

/** Written as they stand in a query or form. */
export const VALUES: Record<string, string> = {
  NUL: 'a%00b',
  'only NUL': '%00',
  'line break': 'a%0d%0aSet-Cookie:%20x=y',
  'escape character': '%1b%5b31m',
  DEL: '%7f',
  'broken percent': '%zz%',
  'lone surrogate': '%ed%a0%80',
  'broken UTF-8': '%ff%fe%c0%af',
  overlong: '%c0%80',
  'Unicode non-character': '%ef%bf%bf',
  emoji: '%f0%9f%98%80',
  'right to left': '%e2%80%ae',
  quote: '%27',
  'SQL comment': '%27%20OR%201%3D1--',
  'SQL statement': '%27%29%3B%20DROP%20TABLE%20accounts%3B--',
  'SQL sleep': '%27%7C%7Cpg_sleep%285%29--',
  'SQL number': '1%3Bpg_sleep(5)',
  'knex binding': '%3F%20%3F%3F%20%3Aname%3A',
  'JSON object': '%7B%22%24gt%22%3A%22%22%7D',
  'JSON array': '%5B%22a%22%5D',
  'jsonb escape': '%5Cu0000',
  percent: '%25%5f',
  backslash: '%5C%5C',
  template: '%24%7B7*7%7D%7B%7B7*7%7D%3C%25%3D7*7%25%3E',
  'format string': '%25s%25n%25d',
  'server-side include': '%3C!--%23exec%20cmd%3D%22id%22--%3E',
  path: '..%2f..%2f..%2fetc%2fpasswd%00.html',
  shell: '%60id%60%3B%24(id)%7Cid',
  LDAP: '*)(uid=*))(|(uid=*',
  'very long': 'x'.repeat(7000),
  'many spaces': '%20'.repeat(2000),
  __proto__: '__proto__',
  'huge number': '9'.repeat(400),
  'negative number': '-9223372036854775809',
  NaN: 'NaN',
};

const LEAK =
  /syntax error|postgres|unicode escape|byte sequence|\bknex\b|\bSELECT |\bINSERT |\bat \/|node_modules|\.ts:\d/i;

/** What is wrong with an answer to a hostile value: a server error, or a glimpse of the inside. */
export function wrongWith(where: string, answer: { status: number; text: string }): string[] {
  if (answer.status >= 500) return [`${where}: ${answer.status}`];
  const leak = LEAK.exec(answer.text)?.[0];
  return leak ? [`${where} shows ${leak}`] : [];
}
