// My applications in a real browser: with and without JavaScript, in a pop-up and in the dark.
import test from 'ava';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { PNG } from '../applications/_pictures.ts';
import { mainText, nextPage, POP_UP, signIn, useBrowser } from './_browser.ts';
import { useDemo } from './_demo.ts';

const demo = useDemo(test, { GATEHOUSE_RATE_LIMITS: 'off' });
const visit = useBrowser(test);

const press = (page: Page, name: string | RegExp) =>
  nextPage(page, () => page.getByRole('main').getByRole('button', { name, exact: true }).click());

/** Opens a page of the application by the link of its menu. */
const choose = (page: Page, name: string) =>
  nextPage(page, () =>
    page
      .getByRole('navigation', { name: 'This application' })
      .getByRole('link', { name, exact: true })
      .click(),
  );

const browsers: { how: string; name: string; options: BrowserContextOptions }[] = [
  { how: 'with JavaScript', name: 'Fabrikam Desk', options: {} },
  { how: 'without JavaScript', name: 'Fabrikam Plain', options: { javaScriptEnabled: false } },
  {
    ...{ how: 'in a dark pop-up', name: 'Fabrikam Small' },
    options: { viewport: POP_UP, colorScheme: 'dark' },
  },
];
for (const { how, name, options } of browsers) {
  test.serial(`a developer creates an application and looks after it, ${how}`, async (t) => {
    await visit(
      t,
      async (page) => {
        await page.goto(`${demo.file.issuer}/applications`);
        await signIn(page, demo.account('dev'));
        await page.waitForURL(`${demo.file.issuer}/applications`);
        await nextPage(page, () =>
          page.getByRole('link', { name: 'Create an application' }).click(),
        );
        await page.getByLabel('Name', { exact: true }).fill(name);
        const addresses = page.getByRole('textbox', { name: 'Redirect URIs' });
        await addresses.fill('http://shipping.example.com/callback');
        if (options.javaScriptEnabled !== false)
          await page.getByText('Plain http is for loopback addresses').waitFor();
        await press(page, 'Create an application');
        t.regex(await mainText(page), /Plain http is for loopback addresses/);
        await addresses.fill('https://shipping.example.com/callback');
        await press(page, 'Create an application');
        t.regex(await mainText(page), new RegExp(`${name} is ready`));
        t.regex(await mainText(page), /gh_sec_/);
        const secret = /gh_sec_[\w-]+/.exec(await mainText(page))?.[0] ?? '';
        await nextPage(page, () => page.reload());
        t.true((await mainText(page)).includes(secret));

        await nextPage(page, () =>
          page.getByRole('link', { name: 'Go to the application' }).click(),
        );
        t.regex(await mainText(page), /Not verified/);
        await choose(page, 'Redirect URIs');
        await addresses.fill('https://shipping.example.com/cb');
        await press(page, /^Save/);
        t.regex(await mainText(page), /The addresses are saved/);

        await choose(page, 'Name and logo');
        const file = { name: 'logo.png', mimeType: 'image/png', buffer: PNG };
        await page.getByLabel('Picture').setInputFiles(file);
        await press(page, 'Upload the logo');
        t.regex(await mainText(page), /The logo is changed/);

        await choose(page, 'Pause or delete');
        await press(page, 'Pause the application');
        await press(page, 'Let it go on');
        await page.getByLabel(/^Type the name/).fill(name);
        await press(page, 'Delete the application');
        t.regex(await mainText(page), /This application is deleted/);
        await press(page, 'Take the deletion back');
        await choose(page, 'Activity');
        t.regex(
          await mainText(page),
          /The deletion was taken back.*The logo was changed.*The application was created/,
        );
        const scroll = await page.evaluate('document.documentElement.scrollWidth <= innerWidth');
        t.true(scroll, 'nothing scrolls sideways');
      },
      options,
    );
  });
}

test.serial('a double click and the back button make one application', async (t) => {
  await visit(t, async (page) => {
    await page.goto(`${demo.file.issuer}/applications/new`);
    await signIn(page, demo.account('sam'));
    await page.waitForURL(`${demo.file.issuer}/applications/new`);
    await page.getByLabel('Machine').check();
    t.false(await page.getByRole('textbox', { name: 'Redirect URIs' }).isVisible());
    await page.getByLabel('Name', { exact: true }).fill('Nightly sync');
    const button = page.getByRole('button', { name: 'Create an application' });
    await nextPage(page, () => button.dblclick());
    await page.getByRole('heading', { name: 'Nightly sync is ready' }).waitFor();
    await nextPage(page, () => page.goBack());
    await page.getByLabel('Machine').check();
    await page.getByLabel('Name', { exact: true }).fill('Nightly sync');
    await press(page, 'Create an application');
    t.regex(await mainText(page), /Nightly sync is ready|named Nightly sync already/);
    await page.goto(`${demo.file.issuer}/applications`);
    t.is(await page.getByRole('link', { name: 'Nightly sync' }).count(), 1);
  });
});
