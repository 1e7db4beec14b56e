// The CAPTCHA in a real browser: the picture, another picture, the check without one; with and
// without JavaScript, by mouse and by keyboard alone.
import ava from 'ava';
import axe from 'axe-core';
import type { Page } from 'playwright-core';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { authorizeUrl } from '../_protocol.ts';
import { filledIn } from '../accounts/_captcha-forms.ts';
import { readPicture } from '../accounts/_picture-reader.ts';
import { startSiteverify, tokenFor } from '../accounts/_siteverify.ts';
import { POP_UP, useBrowser } from './_browser.ts';

const test = ava.serial;
const visit = useBrowser(ava);
let gatehouse: Gatehouse;
test.before(async () => {
  const none = { siteKey: '', secret: '', verifyUrl: undefined };
  gatehouse = await startGatehouse({ captcha: { kinds: ['svg', 'altcha'], ...none } });
});
test.after.always(() => gatehouse?.stop());

/** Opens the sign-up form and fills in all but the CAPTCHA. */
async function fillIn(page: Page, server = gatehouse): Promise<string> {
  const request = authorizeUrl(server, server.client('web'), { prompt: 'create' });
  await page.goto(request);
  const { email = '', given_name = '', family_name = '', password = '' } = filledIn();
  await page.locator('#email').fill(email);
  await page.locator('#given_name').fill(given_name);
  await page.locator('#family_name').fill(family_name);
  await page.locator('#password').fill(password);
  return email;
}

const pictureOn = (page: Page) => page.locator('.captcha-picture img').getAttribute('src');
const typeAnswer = async (page: Page) =>
  page.locator('#captcha_answer').fill(readPicture((await pictureOn(page)) ?? ''));
const isSent = (page: Page) => page.getByText('We wrote to').waitFor();

test('with JavaScript another picture comes in place, and nothing typed is lost', async (t) => {
  await visit(t, async (page) => {
    const email = await fillIn(page);
    const before = await pictureOn(page);
    await page.locator('#captcha_answer').fill('abc');
    await page.getByRole('button', { name: 'New picture' }).click();
    await page.getByText('There is a new picture.').waitFor({ state: 'attached' });
    t.not(await pictureOn(page), before);
    t.is(await page.locator('#captcha_answer').inputValue(), '');
    t.is(await page.evaluate(() => document.activeElement?.id), 'captcha_answer');
    t.is(await page.locator('#email').inputValue(), email);
    t.not(await page.locator('#password').inputValue(), '');
    await typeAnswer(page);
    await page.locator('#captcha_answer').press('Enter');
    await isSent(page);
  });
});

test('without JavaScript another picture keeps all but the password', async (t) => {
  const look = async (page: Page) => {
    const email = await fillIn(page);
    t.true(await page.getByText('The check without a picture needs JavaScript.').isVisible());
    t.false(await page.getByRole('button', { name: 'Check without a picture' }).isVisible());
    const before = await pictureOn(page);
    await page.getByRole('button', { name: 'New picture' }).click();
    await page.waitForFunction((src) => !document.querySelector(`img[src="${src}"]`), before);
    t.is(await page.locator('#email').inputValue(), email);
    t.is(await page.locator('#given_name').inputValue(), 'Mina');
    t.is(await page.locator('#password').inputValue(), '');
    t.is(await page.locator('[aria-invalid]').count(), 0, 'nothing is complained about');
    await page.locator('#password').fill(filledIn()['password'] ?? '');
    await typeAnswer(page);
    // Enter in any field sends the form, and does not ask for a picture.
    await page.locator('#email').press('Enter');
    await isSent(page);
  };
  await visit(t, look, { javaScriptEnabled: false, viewport: POP_UP });
});

test('by keyboard alone the check without a picture says how far it is, and is enough', async (t) => {
  await visit(t, async (page) => {
    await fillIn(page);
    await page.getByRole('button', { name: 'Check without a picture' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('status').filter({ hasText: 'Done: you can go on.' }).waitFor();
    const focused = await page.evaluate(() => document.activeElement?.textContent);
    t.is(focused, 'Done: you can go on.', 'the focus is not lost with the button');
    t.is(await page.locator('progress').evaluate((bar: HTMLProgressElement) => bar.value), 100);
    t.false(await page.locator('#captcha_answer').isVisible());
    await page.locator('#email').press('Enter');
    await isSent(page);
  });
});

test('a wrong answer puts the cursor into its field, and the sentence belongs to it', async (t) => {
  await visit(t, async (page) => {
    const email = await fillIn(page);
    await page.locator('#captcha_answer').fill('wwwwww');
    await page.locator('#captcha_answer').press('Enter');
    const answer = page.locator('#captcha_answer[aria-invalid=true]');
    await answer.waitFor();
    t.is(await page.evaluate(() => document.activeElement?.id), 'captcha_answer');
    const sentence = page.locator(`#${await answer.getAttribute('aria-describedby')}`);
    t.regex((await sentence.textContent()) ?? '', /That is not what the picture shows/);
    t.is(await page.locator('#email').inputValue(), email);
    t.regex(await page.title(), /^Error: That is not what the picture shows/);
  });
});

/** What is wrong with the page, in both colour schemes. */
async function faults(page: Page): Promise<string[]> {
  const found: string[] = [];
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    const { violations } = await page.evaluate(() => window.axe.run());
    found.push(...violations.map(({ id }) => `${colorScheme} ${id}`));
  }
  const excess = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  return excess === 0 ? found : [...found, `${excess} pixels too wide`];
}

for (const locale of ['en', 'de', 'fr', 'es', 'ja'])
  test(`in ${locale} the form is accessible before and after the check`, async (t) => {
    const look = async (page: Page) => {
      await fillIn(page);
      t.is(await page.locator('html').getAttribute('lang'), locale);
      t.deepEqual(await faults(page), []);
      await page.locator('.captcha-work button').click();
      await page.locator('.captcha-work button').waitFor({ state: 'hidden' });
      t.deepEqual(await faults(page), []);
    };
    await visit(t, look, { locale, viewport: POP_UP, initScript: axe.source });
  });

for (const reachable of [true, false])
  test(`a service that shows nothing is asked when the form is sent${reachable ? '' : ', and missed when it is blocked'}`, async (t) => {
    const siteverify = await startSiteverify();
    const silent = { siteKey: 'the-site', secret: 's', minScore: 0.5, verifyUrl: siteverify.url };
    const other = await startGatehouse({ captcha: { kinds: ['recaptcha'], ...silent } });
    const token = tokenFor({ success: true, hostname: '127.0.0.1', action: 'sign_up', score: 0.9 });
    // What its script offers, as its documentation shows it.
    const body = `globalThis.grecaptcha = { ready: (then) => then(),
      execute: async (key, { action }) => key === 'the-site' && action === 'sign_up' && '${token}' }`;
    await visit(t, async (page) => {
      await page.route('https://www.google.com/recaptcha/api.js?render=the-site', (route) =>
        reachable ? route.fulfill({ contentType: 'text/javascript', body }) : route.abort(),
      );
      await fillIn(page, other);
      await page.getByRole('button', { name: 'Create an account' }).click();
      if (reachable) await isSent(page);
      else await page.locator('#captcha-error').waitFor();
    });
    await other.stop();
    siteverify.stop();
  });
