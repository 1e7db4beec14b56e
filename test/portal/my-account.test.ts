// My account in a real browser: with and without JavaScript, in a pop-up and in another language.
import test from 'ava';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { mainText, nextPage, POP_UP, signIn, useBrowser } from './_browser.ts';
import { useDemo } from './_demo.ts';

const demo = useDemo(test, { GATEHOUSE_RATE_LIMITS: 'off' });
const visit = useBrowser(test);

const press = (page: Page, name: string) =>
  nextPage(page, () => page.getByRole('main').getByRole('button', { name, exact: true }).click());

/** Opens a page of My account by the link of its menu. */
const choose = (page: Page, name: string) =>
  nextPage(page, () =>
    page.getByRole('navigation', { name: 'My account' }).getByRole('link', { name }).click(),
  );

async function open(page: Page, name: 'admin' | 'dev' | 'sam', path = '/account'): Promise<void> {
  await page.goto(demo.file.issuer + path);
  await signIn(page, demo.account(name));
  await page.waitForURL(demo.file.issuer + path);
}

const browsers: { how: string; options: BrowserContextOptions }[] = [
  { how: 'with JavaScript', options: {} },
  { how: 'without JavaScript', options: { javaScriptEnabled: false } },
  { how: 'in a pop-up', options: { viewport: POP_UP } },
];
for (const { how, options } of browsers) {
  test.serial(`a person looks after their account, ${how}`, async (t) => {
    await visit(
      t,
      async (page) => {
        await open(page, 'dev');
        await page.getByLabel('Given name').fill('Noor Amal');
        await press(page, 'Save');
        t.regex(await mainText(page), /Your names are saved/);
        await page.getByLabel('Given name').fill('Noor');
        await press(page, 'Save');

        await choose(page, 'Sessions and devices');
        t.regex(await mainText(page), /Chrome on Linux This device/);
        await choose(page, 'Allowed applications');
        await choose(page, 'Activity');
        t.regex(await mainText(page), /You changed your names/);

        await choose(page, 'Language');
        await page.getByLabel('Language').selectOption('fr');
        await press(page, 'Save');
        t.regex(await mainText(page), /La langue est changée/);
        t.is(await page.locator('html').getAttribute('lang'), 'fr');
        await page.getByLabel('Langue').selectOption('en');
        await press(page, 'Enregistrer');

        await choose(page, 'Download my data');
        const [file] = await Promise.all([
          page.waitForEvent('download'),
          page.getByRole('button', { name: 'Download' }).click(),
        ]);
        t.is(file.suggestedFilename(), 'my-account.json');
        const scroll = await page.evaluate('document.documentElement.scrollWidth <= innerWidth');
        t.true(scroll, 'nothing scrolls sideways');
      },
      options,
    );
  });
}

test.serial('a person changes the password and ends the browser next door', async (t) => {
  const account = demo.account('sam');
  await visit(t, async (other) => {
    await open(other, 'sam');
    await visit(t, async (page) => {
      await open(page, 'sam', '/account/password');
      await page.getByLabel('Current password', { exact: true }).fill(account.password);
      await page.getByLabel('New password', { exact: true }).fill('four lazy herons wade by');
      await press(page, 'Change password');
      t.regex(await mainText(page), /Your password is changed/);
    });
    await other.reload();
    await other.getByRole('heading', { name: 'Sign in' }).waitFor();
    t.true(other.url().startsWith(`${demo.file.issuer}/interaction/`));
  });
});

test.serial('the start page leads to My account, and My account out', async (t) => {
  await visit(t, async (page) => {
    await open(page, 'admin');
    await page.goto(demo.file.issuer);
    await nextPage(page, () => page.getByRole('link', { name: 'My account' }).click());
    t.regex(await mainText(page), /admin@example\.com/);
    await nextPage(page, () => page.getByRole('link', { name: 'Sign out' }).click());
    await press(page, 'Sign out');
    t.regex(await mainText(page), /You are signed out/);
    await page.goto(`${demo.file.issuer}/account`);
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    t.pass();
  });
});
