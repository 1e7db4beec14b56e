// A developer and the one who decides, each in a browser of their own: from a sandbox application to
// production, in the demo.
import test from 'ava';
import type { Page } from 'playwright-core';
import { mainText, nextPage, POP_UP, signIn, useBrowser } from './_browser.ts';
import { useDemo } from './_demo.ts';

const demo = useDemo(test, { GATEHOUSE_RATE_LIMITS: 'off' });
const visit = useBrowser(test);

const press = (page: Page, name: string) =>
  nextPage(page, () => page.getByRole('main').getByRole('button', { name }).click());
const follow = (page: Page, name: string) =>
  nextPage(page, () => page.getByRole('main').getByRole('link', { name }).first().click());

async function open(page: Page, name: 'admin' | 'dev' | 'sam', path: string): Promise<void> {
  await page.goto(demo.file.issuer + path);
  await signIn(page, demo.account(name));
  await page.waitForURL(demo.file.issuer + path);
}

test.serial('from the sandbox to production, approved by somebody else', async (t) => {
  await visit(t, async (page) => {
    await open(page, 'dev', '/applications/new');
    await page.getByLabel('Machine').check();
    await page.getByLabel('Name').first().fill('Night trucks');
    await press(page, 'Create an application');
    await follow(page, 'To the application');
    const { pathname } = new URL(page.url());

    await page.goto(`${demo.file.issuer}/products`);
    t.notRegex(await mainText(page), /Orders for partners/);
    await follow(page, 'Orders');
    const offered = page.getByLabel('Application');
    if ((await offered.count()) > 0) {
      await offered.selectOption('Night trucks');
      await press(page, 'Subscribe in the sandbox');
    }
    await page.goto(`${demo.file.issuer}${pathname}/production`);
    t.regex(await mainText(page), /A person decides on production/);
    await press(page, 'Ask for production');
    t.regex(await mainText(page), /Accept the terms to go on/);
    await page.getByLabel('I accept the terms').check();
    await page.getByLabel('A note').fill('Lorries that drive at night');
    await press(page, 'Ask for production');
    t.regex(await mainText(page), /Orders waits for approval/);

    await visit(
      t,
      async (other) => {
        await open(other, 'admin', '/approvals');
        await follow(other, 'Night trucks');
        t.regex(await mainText(other), /Lorries that drive at night/);
        await other.getByLabel('Reason').fill('Contract 4711');
        await press(other, 'Approve');
        t.regex(await mainText(other), /It is approved/);
        t.true(await other.evaluate('document.documentElement.scrollWidth <= innerWidth'));
      },
      { javaScriptEnabled: true, viewport: POP_UP },
    );

    await page.reload();
    t.regex(await mainText(page), /Client ID in production c_\w+.*Orders active/);
    await page.goto(`${demo.file.issuer}${pathname}/subscriptions`);
    await page.getByText('History').first().click();
    t.regex(await mainText(page), /those who decide Contract 4711/);
  });
});

test.serial('a partner sees the partners’ product, in the language of the page', async (t) => {
  await visit(
    t,
    async (page) => {
      await open(page, 'sam', '/products');
      t.regex(await mainText(page), /Orders for partners/);
      await page.goto(`${demo.file.issuer}/products?ui_locales=de`);
      await nextPage(page, () => page.getByRole('button', { name: 'Deutsch' }).click());
      await follow(page, 'Orders for partners');
      t.regex(await mainText(page), /Bestellungen sehen orders\.read/);
    },
    { javaScriptEnabled: false },
  );
});
