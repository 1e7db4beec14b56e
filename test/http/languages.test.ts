// Which language the pages speak, how a person chooses another, and that nothing stays English.
import ava from 'ava';
import { LANGUAGE_NAMES, type Language, translatorOf } from '../../src/http/i18n.ts';
import { type Agent, createAgent, type Page } from '../_agent.ts';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { test } from '../_one-at-a-time.ts';
import { authorizeUrl, type Params } from '../_protocol.ts';
import { nextPage, useBrowser } from '../portal/_browser.ts';
import { textsOf } from './_catalogs.ts';

let gatehouse: Gatehouse;
test.before(async () => {
  gatehouse = await startGatehouse();
});
test.after.always(() => gatehouse?.stop());
const browse = useBrowser(ava);

const languages = Object.keys(LANGUAGE_NAMES) as Language[]; // its only keys
const spoken = (page: Page) => page.html.querySelector('html')?.getAttribute('lang');
const signInUrl = (params: Params = {}) => authorizeUrl(gatehouse, gatehouse.client('web'), params);

/** Asks for the sign-in page with an Accept-Language header; the interaction is begun before. */
async function languageOf(agent: Agent, accepted: string, params: Params = {}) {
  const { url } = await agent.get(signInUrl(params));
  const answer = await agent.request(url, { headers: { 'Accept-Language': accepted } });
  return /<html lang="(\w+)">/.exec(await answer.text())?.[1];
}

const choose = (agent: Agent, fields: Record<string, string>, headers: HeadersInit = {}) =>
  agent.request(`${gatehouse.issuer}/language`, {
    ...{ method: 'POST', headers, body: new URLSearchParams(fields) },
  });

const accepted: [string, Language][] = [
  ['de', 'de'],
  ['de-AT,de;q=0.9,en;q=0.8', 'de'],
  ['nl, fr;q=0.5, en;q=0.1', 'fr'],
  ['ja-JP', 'ja'],
  ['en;q=0.2, es;q=0.9', 'es'],
  ['nl', 'en'],
  ['*', 'en'],
  ['', 'en'],
  ['xx-\u00e4;q=9,,,;', 'en'],
];
for (const [header, language] of accepted)
  test(`a browser that prefers "${header}" is answered in ${language}`, async (t) => {
    t.is(await languageOf(createAgent(gatehouse.issuer), header), language);
  });

const asked: [string, Language][] = [
  ['fr', 'fr'],
  ['fr-CA en', 'fr'],
  ['nl es-MX de', 'es'],
  ['DE-de', 'de'],
  ['nl', 'ja'],
  ['../../en', 'ja'],
];
for (const [uiLocales, language] of asked)
  test(`a client that asks for "${uiLocales}" is answered in ${language} where the browser says ja`, async (t) => {
    const agent = createAgent(gatehouse.issuer);
    t.is(await languageOf(agent, 'ja', { ui_locales: uiLocales }), language);
  });

test('what the client asks for comes before what was chosen, and that before what the browser prefers', async (t) => {
  const agent = createAgent(gatehouse.issuer);
  t.is((await choose(agent, { language: 'de', instead: 'en' })).status, 303);
  t.is(await languageOf(agent, 'ja'), 'de');
  t.is(await languageOf(agent, 'ja', { ui_locales: 'fr' }), 'fr');
});

test('whoever leaves the language that the client asked for keeps the other one there', async (t) => {
  const agent = createAgent(gatehouse.issuer);
  await choose(agent, { language: 'es', instead: 'fr' });
  t.is(await languageOf(agent, 'ja', { ui_locales: 'fr' }), 'es');
  t.is(await languageOf(agent, 'ja', { ui_locales: 'de' }), 'de');
});

test('a choice is kept for a year, in a cookie that no script reads', async (t) => {
  const answer = await choose(createAgent(gatehouse.issuer), { language: 'ja' });
  const [cookie = ''] = answer.headers.getSetCookie();
  t.regex(cookie, /^gatehouse_language=ja; path=\/; expires=.*; samesite=lax; httponly$/i);
  const [, expires = ''] = /expires=([^;]+)/.exec(cookie) ?? [];
  t.true(Date.parse(expires) > Date.now() + 364 * 86_400_000);
});

test('a choice leads back to the page, wherever that is here', async (t) => {
  const agent = createAgent(gatehouse.issuer);
  for (const page of ['/account/sessions?a=b', `${gatehouse.issuer}/account`]) {
    const answer = await choose(agent, { language: 'de', return: page });
    t.is(answer.status, 303);
    t.is(answer.headers.get('Location'), page.replace(gatehouse.issuer, ''));
  }
});

test('a form that names no page leads back to where it was sent from, if that is here', async (t) => {
  const from = async (Referer: string) => {
    const agent = createAgent(gatehouse.issuer);
    return (await choose(agent, { language: 'de' }, { Referer })).headers.get('Location');
  };
  t.is(await from(`${gatehouse.issuer}/interaction/x?step=sign-in`), '/interaction/x?step=sign-in');
  t.is(await from(`${gatehouse.issuer}//evil.example/`), '/evil.example/');
  t.is(await from('https://evil.example/page'), '/');
});

const foreign = [
  'https://evil.example/',
  '//evil.example/',
  '/\\evil.example/',
  '\\\\evil.example',
  'javascript:alert(1)',
  'data:text/html,x',
  'http://127.0.0.1:9@evil.example/',
  'http://[',
  '/\t/evil.example',
  '///evil.example',
];
for (const target of foreign)
  test(`a choice does not lead to ${JSON.stringify(target)}`, async (t) => {
    const fields = { language: 'de', return: target };
    const answer = await choose(createAgent(gatehouse.issuer), fields);
    t.is(answer.status, 303);
    t.is(answer.headers.get('Location'), '/');
  });

test('what is chosen for a path of this server never begins with two slashes', async (t) => {
  for (const target of [
    '/.//evil.example',
    '/x/..//evil.example',
    `${gatehouse.issuer}//evil.example`,
  ]) {
    const fields = { language: 'de', return: target };
    const answer = await choose(createAgent(gatehouse.issuer), fields);
    const location = answer.headers.get('Location') ?? '';
    t.is(new URL(location, gatehouse.issuer).origin, gatehouse.issuer, `${target}: ${location}`);
  }
});

test('a language that we do not speak, and a form of another site, are refused', async (t) => {
  for (const language of ['nl', '', '__proto__', 'en.de']) {
    const answer = await choose(createAgent(gatehouse.issuer), { language });
    t.is(answer.status, 400, language);
    t.deepEqual(answer.headers.getSetCookie(), []);
  }
  const headers = { Origin: 'https://evil.example' };
  const answer = await choose(createAgent(gatehouse.issuer), { language: 'de' }, headers);
  t.is(answer.status, 403);
  t.deepEqual(answer.headers.getSetCookie(), []);
});

/** What a person reads on a page: text, labels and the title, piece by piece. */
function words(page: Page): Set<string> {
  const names = page.html.querySelectorAll('.languages, script, .brand');
  for (const element of names) element.remove();
  const texts = [
    page.html.structuredText,
    ...page.html.querySelectorAll('title').map((e) => e.text),
  ];
  for (const element of page.html.querySelectorAll('*'))
    for (const [name, value] of Object.entries(element.attributes))
      if (/^(aria-label|alt|placeholder|data-show|data-hide)/.test(name)) texts.push(value);
  return new Set(texts.flatMap((text) => text.split('\n')).map((text) => text.trim()));
}

const english = textsOf('en');
for (const language of languages.filter((one) => one !== 'en'))
  test(`sign-in, sign-up and forgotten password are wholly in ${language}`, async (t) => {
    const agent = createAgent(gatehouse.issuer);
    const signIn = await agent.get(signInUrl({ ui_locales: language }));
    const step = signIn.url.replace(/\?.*/, '');
    const translated = textsOf(language);
    // Words that are the same in both languages say nothing.
    const sentences = [...english]
      .filter(([key, text]) => !text.includes('{') && translated.get(key) !== text)
      .map(([, text]) => text)
      .filter((text) => ![...translated.values()].includes(text));
    const pages = [
      signIn,
      await agent.get(`${step}/sign-up`),
      await agent.get(`${step}/forgot-password`),
    ];
    pages.push(
      await agent.submit(pages[1] ?? signIn, translatorOf(language)('sign-up.title')),
      await agent.submit(signIn, translatorOf(language)('sign-in.title')),
    );
    for (const page of pages) {
      t.is(spoken(page), language, page.url);
      const shown = words(page);
      t.deepEqual(
        sentences.filter((sentence) => shown.has(sentence)),
        [],
        page.url,
      );
    }
  });

ava.serial('the buttons at the foot change the language and stay on the page', async (t) => {
  await browse(
    t,
    async (page) => {
      await page.goto(signInUrl());
      const { pathname } = new URL(page.url());
      for (const language of ['de', 'ja', 'en'] as const) {
        await nextPage(page, () =>
          page.getByRole('button', { name: LANGUAGE_NAMES[language] }).click(),
        );
        t.is(new URL(page.url()).pathname, pathname);
        t.is(await page.locator('html').getAttribute('lang'), language);
        const title = translatorOf(language)('sign-in.title');
        t.true(await page.getByRole('heading', { name: title }).isVisible());
      }
    },
    { locale: 'fr-FR' },
  );
});
