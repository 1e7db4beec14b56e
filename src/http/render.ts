// Turns a view and its data into an HTML page with Eta. Templates are read and compiled once, at start.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Eta } from 'eta';
import type { Context } from 'koa';
import { readAssets } from './assets.ts';
import { LANGUAGE_NAMES, languageOf, translatorOf, type Values } from './i18n.ts';
import type { Views } from './views.ts';

/** Makes the page the body of the response; the status stays the caller's. */
export type Render = <V extends keyof Views>(ctx: Context, view: V, data: Views[V]) => void;

/**
 * Compiles all templates of `viewsDirectory` and hashes its assets; throws at start if one is broken.
 * `productName` is the brand in the header, `demo` shows that the passwords here are public.
 */
export function createRender(deps: {
  viewsDirectory: string;
  productName: string;
  demo: boolean;
  minPasswordLength: number;
}): Render {
  const eta = new Eta({ autoEscape: true, cache: true });
  const escapeHtml = eta.config.escapeFunction;
  // A right-to-left override would let a name show another host or file than it says.
  eta.configure({ escapeFunction: (value) => escapeHtml(String(value).replace(bidiControls, '')) });
  for (const file of readdirSync(deps.viewsDirectory, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.eta')) continue;
    // Eta keeps a name that begins with @ in memory and never looks for a file.
    const name = `@${file.slice(0, -'.eta'.length).replaceAll('\\', '/')}`;
    eta.loadTemplate(name, readFileSync(join(deps.viewsDirectory, file), 'utf8'));
  }

  const assets = readAssets(join(deps.viewsDirectory, 'assets'));
  const page = {
    productName: deps.productName,
    demo: deps.demo,
    minPasswordLength: deps.minPasswordLength,
    assetUrl: (name: string) => assetUrl(assets.get(name)?.version, name),
    // For values that go back to a machine unchanged: escaped, but with every character.
    attribute: escapeHtml,
    initial,
    safeLink,
  };

  return (ctx, view, data) => {
    const language = languageOf(ctx);
    const t = translatorOf(language);
    ctx.type = 'html';
    ctx.set('Cache-Control', 'no-store');
    ctx.body = eta.render(`@${view}`, {
      ...data,
      t,
      page: {
        ...page,
        language,
        languages: LANGUAGE_NAMES,
        // Where the page can be asked for again; undefined: the browser's Referer says it.
        returnTo: ctx.state['page'] ?? (ctx.method === 'GET' ? undefined : '/'),
        rich: (key: string, values: Values) => rich(t, escapeHtml, key, values),
      },
    });
  };
}

// The values of a sentence are names that strangers chose: isolated from the words around them.
function rich(
  t: (key: string, values: Values) => string,
  escapeText: (text: string) => string,
  key: string,
  values: Values,
): string {
  const marked = Object.entries(values).map(([name, value]) => [
    name,
    `\uE000${String(value)
      .replace(/[\uE000\uE001]/g, '')
      .replace(bidiControls, '')}\uE001`,
  ]);
  return escapeText(t(key, Object.fromEntries(marked)))
    .replaceAll('\uE000', '<bdi class="client-name">')
    .replaceAll('\uE001', '</bdi>');
}

function assetUrl(version: string | undefined, name: string): string {
  if (version === undefined) throw new Error(`No such asset: ${name}`);
  return `/assets/${name}?v=${version}`;
}

const bidiControls = /[\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/g;
const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** The first letter, digit or emoji of a name as a person sees it, for the round badge beside it. */
function initial(name: string): string {
  for (const { segment } of graphemes.segment(name)) {
    if (/[\p{L}\p{N}\p{Emoji}]/u.test(segment)) return segment.toLocaleUpperCase('en');
  }
  return '?';
}

/** An http(s) URL, or a path on this origin (its `host` is empty), that may stand in `href`; else undefined. */
function safeLink(href: string | undefined): { href: string; host: string } | undefined {
  const url = href === undefined ? null : URL.parse(href, 'http://origin.invalid');
  if (href === undefined || url === null) return undefined;
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return undefined;
  return url.host === 'origin.invalid' ? { href, host: '' } : { href: url.href, host: url.host };
}
