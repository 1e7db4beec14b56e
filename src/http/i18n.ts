// Which language a page or a mail speaks, and its texts: ICU MessageFormat in
// views/messages/<language>/<area>.json, a key is `<area>.<name>`.
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { IntlMessageFormat } from 'intl-messageformat';
import type { Context } from 'koa';

const LANGUAGES = ['en', 'de', 'fr', 'es', 'ja'] as const;
export type Language = (typeof LANGUAGES)[number];
export type Values = Record<string, string | number>;
/** The text of a key with its values filled in. Throws for a key that no catalog has. */
export type Translate = (key: string, values?: Values) => string;

/** What each language calls itself. */
export const LANGUAGE_NAMES: Record<Language, string> = {
  en: 'English',
  de: 'Deutsch',
  fr: 'Français',
  es: 'Español',
  ja: '日本語',
};

const COOKIE = 'gatehouse_language';
const YEAR_MS = 365 * 24 * 60 * 60 * 1000;
const MESSAGES = fileURLToPath(new URL('../../views/messages', import.meta.url));

const translators = new Map(LANGUAGES.map((language) => [language, createTranslator(language)]));

/** The texts of one language. */
export function translatorOf(language: Language): Translate {
  const found = translators.get(language);
  if (!found) throw new Error(`no texts in ${language}`);
  return found;
}

/** The texts in the language of this request. */
export function translate(ctx: Context): Translate {
  return translatorOf(languageOf(ctx));
}

/** Whether we have texts in that language. */
export function isLanguage(text: unknown): text is Language {
  return LANGUAGES.some((language) => language === text);
}

/**
 * The language of this request: what the client asked for by `ui_locales` (OpenID Connect Core
 * section 3.1.2.1), what the person chose before, what the browser prefers, English.
 */
export function languageOf(ctx: Context): Language {
  const asked = firstKnown(ctx.state['uiLocales'] ?? ctx.query['ui_locales']);
  const [chosen, instead] = (ctx.cookies.get(COOKIE, { signed: false }) ?? '').split('.');
  // Whoever chose a language where the client asked for another keeps it there.
  if (asked && asked !== instead) return asked;
  if (isLanguage(chosen)) return chosen;
  const accepted = ctx.acceptsLanguages(...LANGUAGES);
  return isLanguage(accepted) ? accepted : 'en';
}

/** From now on the request is in the language that its client asks for. */
export function askForLanguage(ctx: Context, uiLocales: unknown): void {
  if (typeof uiLocales === 'string') ctx.state['uiLocales'] = uiLocales;
}

/** Keeps what the person chose; `instead` is what the page spoke before. */
export function chooseLanguage(ctx: Context, chosen: Language, instead: string | undefined): void {
  const value = isLanguage(instead) ? `${chosen}.${instead}` : chosen;
  ctx.cookies.set(COOKIE, value, {
    path: '/',
    maxAge: YEAR_MS,
    httpOnly: true,
    sameSite: 'lax',
    secure: ctx.secure,
    signed: false,
  });
}

// `fr-CA en` asks for French: a region that we do not know is still its language (RFC 4647 section 3.4).
function firstKnown(uiLocales: unknown): Language | undefined {
  if (typeof uiLocales !== 'string') return undefined;
  const primary = uiLocales.split(' ').map((tag) => tag.toLowerCase().split('-')[0]);
  return primary.find(isLanguage);
}

function createTranslator(language: Language): Translate {
  const messages = new Map<string, string>();
  const directory = `${MESSAGES}/${language}`;
  for (const file of readdirSync(directory).filter((name) => name.endsWith('.json'))) {
    const texts: Record<string, string> = JSON.parse(readFileSync(`${directory}/${file}`, 'utf8'));
    const area = file.slice(0, -'.json'.length);
    for (const [name, text] of Object.entries(texts)) messages.set(`${area}.${name}`, text);
  }
  const parsed = new Map<string, IntlMessageFormat>();
  return (key, values) => {
    const text = messages.get(key);
    if (text === undefined) throw new Error(`views/messages/${language} has no text ${key}`);
    const message =
      parsed.get(key) ?? new IntlMessageFormat(text, language, {}, { ignoreTag: true });
    parsed.set(key, message);
    return String(message.format(values));
  };
}
