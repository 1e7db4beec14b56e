// The credentials pages in a real browser: a secret is copied and downloaded, a key comes from a file,
// and without JavaScript the same is done.
import { readFileSync } from 'node:fs';
import test from 'ava';
import type { Page } from 'playwright-core';
import { type Gatehouse, startGatehouse } from '../../_gatehouse.ts';
import { addAccount } from '../../_protocol.ts';
import { mainText, nextPage, POP_UP, useBrowser } from '../../portal/_browser.ts';
import { addApplication } from '../_application.ts';
import { askWith, newKey } from './_credentials.ts';

let gatehouse: Gatehouse;
test.before(async () => {
  gatehouse = await startGatehouse();
});
test.after.always(() => gatehouse?.stop());
const visit = useBrowser(test);

/** A developer's credentials page, after the sign-in on the way there. */
async function open(page: Page) {
  const account = await addAccount(gatehouse);
  const { application, client } = await addApplication(gatehouse, { ownerId: account.id });
  await page.goto(`${gatehouse.issuer}/applications/${application.id}/credentials`);
  await page.getByLabel('E-mail address').fill(account.email);
  await page.getByLabel('Password', { exact: true }).fill(account.password);
  await nextPage(page, () => page.getByRole('button', { name: 'Sign in' }).click());
  await page.waitForURL(/\/credentials$/);
  return client;
}

const press = (page: Page, name: string | RegExp) =>
  nextPage(page, () => page.getByRole('button', { name, exact: true }).click());

async function addSecret(page: Page): Promise<string> {
  await page.locator('summary', { hasText: 'Add a secret' }).click();
  await page.locator('#sandbox-secret-name').fill('spring');
  await page.locator('#sandbox-secret-expires').selectOption('30');
  await press(page, 'Add a secret (Sandbox)');
  return page
    .locator('.facts code', { hasText: 'gh_sec_' })
    .textContent()
    .then((text) => text?.trim() ?? '');
}

for (const javaScriptEnabled of [true, false]) {
  test.serial(`a developer replaces a secret, JavaScript: ${javaScriptEnabled}`, async (t) => {
    const look = async (page: Page) => {
      const client = await open(page);
      const secret = await addSecret(page);
      t.is((await askWith(gatehouse, { ...client, client_secret: secret })).status, 200);
      const [file] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('link', { name: 'Download as .env file' }).click(),
      ]);
      t.true(readFileSync(await file.path(), 'utf8').includes(`\nCLIENT_SECRET=${secret}\n`));
      if (javaScriptEnabled) {
        await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
        await page.getByRole('button', { name: 'Copy' }).last().click();
        await page.getByRole('button', { name: 'Copied' }).waitFor();
        t.is(await page.evaluate(() => navigator.clipboard.readText()), secret);
      }
      await nextPage(page, () =>
        page.getByRole('link', { name: 'Back to the credentials' }).click(),
      );
      await page.locator('summary', { hasText: 'Change: First secret' }).click();
      await press(page, /^Retire ?: First secret$/);
      t.regex(await mainText(page), /First secret Ending/);
      await press(page, /^Undo ?: First secret$/);
      t.regex(await mainText(page), /First secret Works/);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth);
      t.true(wide <= POP_UP.width, `${wide} px`);
    };
    await visit(t, look, { viewport: POP_UP, javaScriptEnabled });
  });
}

test.serial('a public key is taken from a file', async (t) => {
  await visit(t, async (page) => {
    await open(page);
    const text = JSON.stringify({ keys: [(await newKey('k1')).jwk] });
    await page.locator('summary', { hasText: 'Add a public key' }).click();
    await page.locator('#sandbox-key-name').fill('build server');
    await page.locator('input[type=file]').setInputFiles({
      name: 'keys.json',
      mimeType: 'application/json',
      buffer: Buffer.from(text),
    });
    await page.waitForFunction(() => document.querySelector('textarea')?.value !== '');
    await press(page, 'Add a public key (Sandbox)');
    t.regex(await mainText(page), /build server Works Key k1/);
  });
});
