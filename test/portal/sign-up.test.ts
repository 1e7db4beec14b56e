// From a portal page to an account and back to the same page, in a real browser: with and without
// JavaScript, by picture and by proof of work, in a pop-up, in five languages.
import test from 'ava';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { type Language, translatorOf } from '../../src/http/i18n.ts';
import { readPicture } from '../accounts/_picture-reader.ts';
import { mainText, POP_UP, useBrowser } from './_browser.ts';
import { useDemo } from './_demo.ts';

const demo = useDemo(test, { GATEHOUSE_RATE_LIMITS: 'off' });
const visit = useBrowser(test);
const PASSWORD = 'seven quiet otters swim';

const journeys: { how: string; language: Language; options: BrowserContextOptions }[] = [
  { how: 'with JavaScript', language: 'en', options: {} },
  ...(['en', 'de', 'fr', 'es', 'ja'] as const).map((language) => ({
    how: `without JavaScript in a pop-up, in ${language}`,
    language,
    options: { javaScriptEnabled: false, viewport: POP_UP, locale: language },
  })),
];

async function answerCaptcha(page: Page, language: Language, scripted: boolean): Promise<void> {
  const t = translatorOf(language);
  if (scripted) {
    await page.getByRole('button', { name: t('captcha.work-start') }).click();
    await page.getByText(t('captcha.work-done')).waitFor();
    return;
  }
  const picture = await page.locator('.captcha img').getAttribute('src');
  await page.locator('#captcha_answer').fill(readPicture(picture ?? ''));
}

/** Opens the mailbox in another tab and answers the link of the newest mail to an address. */
async function linkFor(page: Page, email: string): Promise<string> {
  for (;;) {
    const answer = await page.request.get(`${demo.file.issuer}/mailbox`, {
      headers: { Accept: 'application/json' },
    });
    const { mails } = (await answer.json()) as { mails: { to: string; text: string }[] };
    const link = /https?:\S+/.exec(mails.find(({ to }) => to === email)?.text ?? '');
    if (link) return link[0];
  }
}

for (const [index, { how, language, options }] of journeys.entries()) {
  test.serial(
    `a newcomer creates an account and is back at the same portal page, ${how}`,
    async (t) => {
      const text = translatorOf(language);
      const email = `newcomer-${index}@example.com`;
      const scripted = options.javaScriptEnabled !== false;
      await visit(
        t,
        async (page) => {
          const deepLink = `${demo.file.portal_url}/apis/orders`;
          await page.goto(deepLink);
          await page.getByRole('banner').getByRole('link', { name: 'Sign in' }).click();
          await page.getByRole('link', { name: text('sign-in.create') }).click();
          t.is(await page.locator('html').getAttribute('lang'), language);
          await page.locator('#email').fill(email);
          await page.locator('#given_name').fill('Mio');
          await page.locator('#family_name').fill('Newcomer');
          await page.locator('#password').fill(PASSWORD);
          await answerCaptcha(page, language, scripted);
          await page.locator('button[name=sign_up]').click();
          await page.getByRole('heading', { name: text('check-mail.title') }).waitFor();
          t.true((await mainText(page)).includes(email));

          await page.goto(await linkFor(page, email));
          await page.getByRole('button', { name: text('confirm.button') }).click();
          await page.waitForURL(deepLink);
          await page.getByRole('link', { name: 'Mio Newcomer' }).waitFor();
        },
        options,
      );
    },
  );
}

test.serial(
  'the strength of a password is said while it is typed, and nothing is sent',
  async (t) => {
    await visit(t, async (page) => {
      await page.goto(`${demo.file.issuer}/sign-up`);
      const sent: string[] = [];
      await page.locator('#password').focus();
      await page.waitForFunction(() => 'zxcvbnts' in globalThis);
      page.on('request', (request) => sent.push(request.url()));
      const status = page.locator('.strength [role=status]');
      await page.locator('#password').fill('password');
      await status.filter({ hasText: 'Very easy to guess' }).waitFor();
      await page.locator('#password').fill('seven quiet otters swim north');
      await status.filter({ hasText: 'Very hard to guess' }).waitFor();
      t.deepEqual(sent, []);
    });
  },
);
