// A browser as cheap as can be: it shares two cores with what it measures. Cookies by name and path,
// one form a page.
import type { Answer, Connection, Request } from './target.ts';

export interface Browser {
  /** One request with cookies; a path or a URL of the issuer. */
  send(url: string, request?: Request): Promise<Answer>;
  /** Follows redirects as long as they stay on the issuer. Returns the answer that ends them. */
  follow(url: string, request?: Request): Promise<Answer>;
}

/** Opens a browser without cookies, in the network that `address` names. */
export function openBrowser(options: {
  connection: Connection;
  issuer: string;
  address: string;
}): Browser {
  const { connection, issuer, address } = options;
  const cookies = new Map<string, { value: string; path: string }>();

  const send = async (url: string, request: Request = {}) => {
    const path = url.startsWith(issuer) ? url.slice(issuer.length) : url;
    const headers: Record<string, string> = { accept: 'text/html', 'x-forwarded-for': address };
    const cookie = cookiesFor(cookies, path);
    if (cookie) headers['cookie'] = cookie;
    const answer = await connection.request(path, {
      ...request,
      headers: { ...headers, ...request.headers },
    });
    for (const line of [answer.headers['set-cookie'] ?? []].flat()) keep(cookies, line);
    return answer;
  };

  return {
    send,
    async follow(url, request) {
      let answer = await send(url, request);
      for (let target = locationOf(answer); isOwn(target, issuer); target = locationOf(answer))
        answer = await send(target);
      return answer;
    },
  };
}

/** Where an answer sends the browser; empty: nowhere. */
export function locationOf({ headers }: Answer): string {
  return String(headers['location'] ?? '');
}

/** The action and hidden fields of the first form of a page. */
export function formOf({ text }: Answer): { action: string; fields: Record<string, string> } {
  const action = /<form[^>]* action="([^"]+)"/.exec(text)?.[1];
  if (!action) throw new Error(`a page without a form: ${text.slice(0, 300)}`);
  const hidden = text.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g);
  const fields = Object.fromEntries([...hidden].map(([, name = '', value = '']) => [name, value]));
  return { action, fields };
}

function isOwn(target: string, issuer: string): boolean {
  return target.startsWith('/') || target.startsWith(`${issuer}/`);
}

function cookiesFor(cookies: Map<string, { value: string; path: string }>, path: string): string {
  return [...cookies]
    .filter(([, cookie]) => path.startsWith(cookie.path))
    .map(([name, { value }]) => `${name}=${value}`)
    .join('; ');
}

function keep(cookies: Map<string, { value: string; path: string }>, line: string): void {
  const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
  const path = /; ?path=([^;]+)/i.exec(line)?.[1] ?? '/';
  if (value === '') cookies.delete(name);
  else cookies.set(name, { value, path });
}
