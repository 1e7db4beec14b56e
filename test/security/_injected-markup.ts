// What a page holds that no page of ours does: markup that came from a stranger's text.
import type { Page } from '../_agent.ts';

const ELEMENTS =
  'iframe, object, embed, base, style, animate, math, img, template, noscript, x, scr, meta[http-equiv]';
const ATTRIBUTE = /^(on.*|formaction|srcdoc|style)$/i;
const ADDRESS = /^\s*(javascript|data|vbscript):/i;

/** Names everything foreign on a page, and every header that would not stop it. */
export function injectedMarkup({ html, headers }: Page): string[] {
  const elements = html.querySelectorAll(ELEMENTS).map(({ tagName }) => tagName.toLowerCase());
  const scripts = html
    .querySelectorAll('script')
    .filter(
      (script) => !script.getAttribute('src')?.startsWith('/assets/') || script.textContent.trim(),
    )
    .map(({ outerHTML }) => outerHTML);
  const attributes = html.querySelectorAll('*').flatMap((element) =>
    Object.entries(element.attributes)
      .filter(([name, value]) => ATTRIBUTE.test(name) || (isAddress(name) && ADDRESS.test(value)))
      .map(([name]) => `${element.tagName.toLowerCase()} ${name}`),
  );
  return [...elements, ...scripts, ...attributes, ...weakHeaders(headers)];
}

function isAddress(name: string): boolean {
  return name === 'href' || name === 'src' || name === 'action';
}

function weakHeaders(headers: Headers): string[] {
  const policy = headers.get('Content-Security-Policy') ?? '';
  const expected: [string, boolean][] = [
    ['script-src', /(^|; ?)script-src 'self'(;|$)/.test(policy)],
    ['default-src', policy.includes("default-src 'none'")],
    ['base-uri', policy.includes("base-uri 'none'")],
    ['nosniff', headers.get('X-Content-Type-Options') === 'nosniff'],
    ['type', headers.get('Content-Type') === 'text/html; charset=utf-8'],
  ];
  return expected.filter(([, present]) => !present).map(([name]) => `no ${name}`);
}
