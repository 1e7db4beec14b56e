// Every page of the server as the real flow shows it: accessible, within its policy, and usable in
// a small window, without a mouse and without JavaScript. Throttling is on here.
import test, { type ExecutionContext } from 'ava';
import axe from 'axe-core';
import type { Page } from 'playwright-core';
import { DESK, mainText, nextPage, POP_UP, readText, signIn, useBrowser } from './_browser.ts';
import { chooseFlow, getToken, openConsole, readToken, sendRequest } from './_console.ts';
import { useDemo } from './_demo.ts';
import { authorizeUrl, serverPages } from './_server-pages.ts';

const demo = useDemo(test);
const visit = useBrowser(test);

declare global {
  interface Window {
    axe: typeof axe;
  }
}

const settings = (['light', 'dark'] as const).flatMap((colorScheme) =>
  [POP_UP, DESK].map((viewport) => ({ colorScheme, viewport })),
);
const titles = new Map<string, string>();

for (const { name, open, says, button, titledAs } of serverPages) {
  test.serial(`${name}: accessible in light and dark, in a pop-up and on a desk`, async (t) => {
    const look = async (page: Page) => {
      await open(page, demo);
      t.regex(await mainText(page), says);
      t.is(await page.locator('html').getAttribute('lang'), 'en');
      t.is(await page.getByRole('heading', { level: 1 }).count(), 1);
      if (!titledAs) titles.set(await page.title(), name);
      for (const { colorScheme, viewport } of settings) {
        await page.emulateMedia({ colorScheme });
        await page.setViewportSize(viewport);
        t.deepEqual(await violations(page), [], `${colorScheme} ${viewport.width}`);
      }
      await assertFits(t, page, button);
    };
    await visit(t, look, { initScript: axe.source });
  });
}

async function violations(page: Page): Promise<string[]> {
  const { violations: found } = await page.evaluate(() => window.axe.run());
  return found.flatMap(({ id, nodes }) =>
    nodes.map((node) => `${id}: ${node.target} ${node.html}`),
  );
}

/** The main button needs no scrolling in a pop-up; nothing scrolls sideways on a small telephone. */
async function assertFits(t: ExecutionContext, page: Page, button: string | undefined) {
  await page.setViewportSize(POP_UP);
  if (button) {
    const box = await page.getByRole('button', { name: button, exact: true }).boundingBox();
    t.true(box !== null && box.y >= 0 && box.y + box.height <= POP_UP.height, `${box?.y}`);
  }
  await page.setViewportSize({ width: 320, height: 568 });
  t.is(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), 0);
  t.deepEqual(await page.evaluate(textBeyondTheEdge), []);
}

// Runs in the page. What is clipped does not scroll, so it is looked for by its place.
function textBeyondTheEdge(): string[] {
  const beyond: string[] = [];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const range = document.createRange();
    range.selectNodeContents(texts.currentNode);
    const mayScroll = texts.currentNode.parentElement?.closest('[role="region"], .visually-hidden');
    const { right, width } = range.getBoundingClientRect();
    if (!mayScroll && width > 0 && right > innerWidth) beyond.push(range.toString());
  }
  return beyond;
}

test.serial('every page has a title of its own', (t) => {
  t.deepEqual(
    [...titles.values()],
    serverPages.filter(({ titledAs }) => !titledAs).map(({ name }) => name),
  );
});

test.serial('the example portal is accessible too, before and after signing in', async (t) => {
  const look = async (page: Page) => {
    const walk = async (...paths: string[]) => {
      for (const path of paths) {
        await page.goto(`${demo.file.portal_url}${path}`);
        for (const colorScheme of ['light', 'dark'] as const) {
          await page.emulateMedia({ colorScheme });
          t.deepEqual(await violations(page), [], `${colorScheme} ${path}`);
        }
        await assertFits(t, page, undefined);
      }
    };
    await walk('/', '/apis', '/apis/orders', '/settings', '/callback?state=x');
    await openConsole(demo, page, 'Client credentials');
    await walk('/account', '/settings', '/no');
    await page.goto(`${demo.file.portal_url}/apis/orders`);
    await chooseFlow(page, 'Client credentials');
    await getToken(page);
    await readToken(page);
    await sendRequest(page, 'GET /orders');
    t.deepEqual(await violations(page), []);
    await assertFits(t, page, undefined);
  };
  await visit(t, look, { initScript: axe.source });
});

test.serial('an incomplete form puts the cursor into the first field that is wrong', async (t) => {
  await visit(t, async (page) => {
    await page.goto(authorizeUrl(demo, 'web'));
    const press = () => nextPage(page, () => page.getByRole('button', { name: 'Sign in' }).click());
    const focused = () => page.evaluate(() => document.activeElement?.id);
    const expectField = async (id: string, message: string) => {
      t.is(await focused(), id);
      const field = page.locator(`#${id}`);
      t.is(await field.getAttribute('aria-invalid'), 'true');
      const describedBy = await field.getAttribute('aria-describedby');
      t.is(await readText(page.locator(`#${describedBy}`)), message);
    };
    t.is(await focused(), 'email');
    await press();
    await expectField('email', 'Enter your e-mail address.');
    await page.getByLabel('E-mail address').fill('dev@example.com');
    await press();
    await expectField('password', 'Enter your password.');
    t.is(await page.getByLabel('E-mail address').inputValue(), 'dev@example.com');
  });
});

test.serial('without JavaScript people sign in, choose, allow and deny', async (t) => {
  const look = async (page: Page) => {
    await page.goto(authorizeUrl(demo, 'third-party'));
    await nextPage(page, () => signIn(page, demo.account('dev')));
    await press(page, 'Deny');
    t.is(answer(page).get('error'), 'access_denied');

    await page.goto(authorizeUrl(demo, 'third-party'));
    await press(page, 'Allow');
    t.truthy(answer(page).get('code'));

    await page.goto(authorizeUrl(demo, 'third-party', { prompt: 'select_account' }));
    await press(page, 'Continue');
    t.truthy(answer(page).get('code'), 'allowed once is allowed');

    await page.goto(authorizeUrl(demo, 'third-party', { prompt: 'select_account' }));
    await press(page, 'Cancel');
    t.is(answer(page).get('error'), 'access_denied');
  };
  await visit(t, look, { javaScriptEnabled: false });
});

/** Signs in as one person and, asked by a third party, as another. */
async function changeAccount(page: Page): Promise<void> {
  await page.goto(authorizeUrl(demo, 'web'));
  await nextPage(page, () => signIn(page, demo.account('dev')));
  await page.goto(authorizeUrl(demo, 'third-party', { prompt: 'consent' }));
  await press(page, 'Use another account');
  await nextPage(page, () => signIn(page, demo.account('admin')));
}

for (const javaScriptEnabled of [true, false]) {
  const how = javaScriptEnabled ? 'with' : 'without';
  test.serial(`${how} JavaScript people change the account during a request`, async (t) => {
    const look = async (page: Page) => {
      await changeAccount(page);
      const next = page.getByRole('button', { name: /^(Allow|Continue)$/ });
      if ((await readText(next)) === 'Continue') await next.click();
      await page.getByRole('button', { name: 'Allow' }).waitFor();
      t.regex(await mainText(page), /Fabrikam Shipping asks for access.*Ada Marsh/);
      await press(page, 'Allow');
      t.truthy(answer(page).get('code'));
    };
    await visit(t, look, { javaScriptEnabled });
  });
}

test.serial('an answer by form_post leaves the server within its policy', async (t) => {
  await visit(t, async (page) => {
    await page.goto(authorizeUrl(demo, 'spa', { response_mode: 'form_post' }));
    const { redirect_uris } = demo.target.client('spa');
    const [sent] = await Promise.all([
      page.waitForRequest(redirect_uris[0] ?? ''),
      signIn(page, demo.account('dev')),
    ]);
    t.is(sent.method(), 'POST');
    t.truthy(new URLSearchParams(sent.postData() ?? '').get('code'));
  });
});

/** Presses a button that leads to another page. */
function press(page: Page, name: string): Promise<void> {
  return nextPage(page, () => page.getByRole('button', { name, exact: true }).click());
}

/** What the third party got with the redirect that ended the flow. */
function answer(page: Page): URLSearchParams {
  const { pathname, searchParams } = new URL(page.url());
  return pathname === '/third-party/callback' ? searchParams : new URLSearchParams();
}
