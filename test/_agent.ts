// A browser without JavaScript: a cookie jar, redirects followed by hand, forms filled and submitted.
import { type HTMLElement, parse } from 'node-html-parser';
import { CookieJar } from 'tough-cookie';

export interface Page {
  url: string;
  status: number;
  headers: Headers;
  text: string;
  html: HTMLElement;
}

export interface Agent {
  jar: CookieJar;
  /** Requests one URL and follows redirects as long as they stay on the agent's origins. */
  get(url: string): Promise<Page>;
  /** Fills the fields of the form that has a submit button of that text, and presses it. */
  submit(page: Page, button: string, fields?: Record<string, string>): Promise<Page>;
  /** One request with the jar's cookies, redirects not followed. */
  request(url: string, init?: RequestInit): Promise<Response>;
}

/** Creates an agent for the servers at these origins. A page whose status is 3xx left them. */
export function createAgent(...origins: string[]): Agent {
  const jar = new CookieJar();

  const request = async (url: string, init: RequestInit = {}) => {
    const headers = new Headers(init.headers);
    const cookies = await jar.getCookieString(url);
    if (cookies) headers.set('Cookie', cookies);
    if (!headers.has('Accept')) headers.set('Accept', 'text/html,application/xhtml+xml,*/*;q=0.8');
    const response = await fetch(url, { ...init, headers, redirect: 'manual' });
    for (const cookie of response.headers.getSetCookie()) await jar.setCookie(cookie, url);
    return response;
  };

  const follow = async (url: string, init?: RequestInit): Promise<Page> => {
    let response = await request(url, init);
    let at = url;
    for (let hops = 0; hops < 10; hops += 1) {
      const location = response.headers.get('Location');
      if (!location || response.status < 300 || response.status > 399) break;
      const next = new URL(location, at);
      if (!origins.includes(next.origin)) break;
      at = next.href;
      response = await request(at);
    }
    const text = await response.text();
    const { status, headers } = response;
    // Without JavaScript, what stands in <noscript> is part of the page.
    const html = parse(text, { blockTextElements: { script: true, style: true, pre: true } });
    return { url: at, status, headers, text, html };
  };

  return {
    jar,
    request,
    get: (url) => follow(url),
    submit(page, button, fields = {}) {
      const { form, pressed } = findForm(page, button);
      const body = readFields(form);
      for (const [name, value] of Object.entries(fields)) body.set(name, value);
      const name = pressed.getAttribute('name');
      if (name) body.set(name, pressed.getAttribute('value') ?? '');
      const action = pressed.getAttribute('formaction') ?? form.getAttribute('action') ?? '';
      const url = new URL(action, page.url);
      if (form.getAttribute('method') !== 'get') return follow(url.href, { method: 'POST', body });
      url.search = String(body);
      return follow(url.href);
    },
  };
}

function readFields(form: HTMLElement): URLSearchParams {
  const body = new URLSearchParams();
  for (const input of form.querySelectorAll('input[name]')) {
    // Of radio buttons one is sent; boxes are all ticked, unless a test says otherwise.
    if (input.getAttribute('type') === 'radio' && !input.hasAttribute('checked')) continue;
    body.set(input.getAttribute('name') ?? '', input.getAttribute('value') ?? '');
  }
  for (const area of form.querySelectorAll('textarea[name]'))
    body.set(area.getAttribute('name') ?? '', area.textContent);
  for (const select of form.querySelectorAll('select[name]'))
    body.set(select.getAttribute('name') ?? '', chosenOf(select));
  return body;
}

function chosenOf(select: HTMLElement): string {
  const chosen = select.querySelector('option[selected]') ?? select.querySelector('option');
  return chosen?.getAttribute('value') ?? '';
}

function findForm(page: Page, button: string) {
  for (const form of page.html.querySelectorAll('form')) {
    const buttons = form.querySelectorAll('button');
    const pressed = buttons.find((element) => element.textContent.trim() === button);
    if (pressed) return { form, pressed };
  }
  throw new Error(`no button "${button}" on ${page.url} (${page.status}):\n${page.text}`);
}

/** The parameters of the redirect that left the server. */
export function callbackParams(page: Page): URLSearchParams {
  const location = page.headers.get('Location');
  if (!location) throw new Error(`no redirect from ${page.url} (${page.status}):\n${page.text}`);
  return new URL(location).searchParams;
}
