// Every page in a real browser: accessible, deaf to hostile names, and usable without JavaScript.
/// <reference lib="dom" />
// The types of playwright-core and axe-core speak of the DOM.
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import test from 'ava';
import axe from 'axe-core';
import Koa from 'koa';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { serveAssets } from '../../src/http/assets.ts';
import { createRender } from '../../src/http/render.ts';
import type { Views } from '../../src/http/views.ts';
import { captcha, incomplete, refused, samples, viewNames } from './_view-samples.ts';

const hostile =
  '"><script>document.title="owned"</script><img src=x onerror="document.title=\'owned\'">';

let browser: Browser;
let server: Server;
let origin: string;
let shown: (ctx: Koa.Context) => void;

test.before(async () => {
  const executablePath =
    process.env['CHROMIUM_PATH'] ??
    execFileSync('sh', ['-c', 'command -v chromium']).toString().trim();
  const switches = 'no-sandbox disable-gpu disable-quic no-first-run disable-background-networking';
  const args = `${switches} disable-component-update disable-sync`.split(' ').map((s) => `--${s}`);
  browser = await chromium.launch({ executablePath, args });

  const app = new Koa();
  app.use(serveAssets({ directory: 'views/assets' }));
  app.use(async (ctx) => {
    if (ctx.method === 'GET') return shown(ctx);
    const fields = Object.fromEntries(new URLSearchParams(await text(ctx.req)));
    ctx.body = JSON.stringify({ path: ctx.path, ...fields });
  });
  server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  // A server that listens on TCP has an address with a port.
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

test.after.always(async () => {
  await browser?.close();
  server?.close();
});

const render = createRender({
  viewsDirectory: 'views',
  productName: 'Gatehouse',
  demo: true,
  minPasswordLength: 15,
});
const popUp = { width: 400, height: 500 };

/** Opens a page that shows `view`, lets `look` examine it, and closes it. */
async function open<V extends keyof Views>(
  { view, data, ...options }: BrowserContextOptions & { view: V; data: Views[V] },
  look: (page: Page) => Promise<unknown>,
): Promise<void> {
  shown = (ctx) => render(ctx, view, data);
  const context = await browser.newContext({ viewport: popUp, ...options });
  try {
    const page = await context.newPage();
    await page.goto(origin);
    await look(page);
  } finally {
    await context.close();
  }
}

async function bodyText(page: Page): Promise<string> {
  return (await page.locator('body').textContent()) ?? '';
}

declare global {
  interface Window {
    axe: typeof axe;
  }
}

const settings = (['light', 'dark'] as const).flatMap((colorScheme) =>
  [popUp, { width: 1280, height: 800 }].map((viewport) => ({ colorScheme, viewport })),
);

async function violations(page: Page): Promise<string[]> {
  const { violations: found } = await page.evaluate(() => window.axe.run());
  return found.flatMap(({ id, nodes }) =>
    nodes.map((node) => `${id}: ${node.target} ${node.html}`),
  );
}

const pages: { title: string; view: keyof typeof samples; data: Views[keyof typeof samples] }[] = [
  ...viewNames.map((view) => ({ title: view, view, data: samples[view] })),
  { title: 'sign-in (refused)', view: 'sign-in', data: refused },
  { title: 'sign-in (incomplete)', view: 'sign-in', data: incomplete },
  { title: 'sign-in (with a CAPTCHA)', view: 'sign-in', data: { ...refused, captcha } },
];
for (const { title, view, data } of pages) {
  test.serial(`${title} is accessible in light and dark, in a pop-up and on a desk`, async (t) => {
    await open({ view, data }, async (page) => {
      await page.addScriptTag({ content: axe.source });
      for (const { colorScheme, viewport } of settings) {
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
        await page.setViewportSize(viewport);
        t.deepEqual(await violations(page), [], `${colorScheme} ${viewport.width}`);
      }
    });
  });
}

/** Words of ours, for which a view has texts. */
const OUR_WORDS = new Set([
  ...['web', 'spa', 'native', 'machine', 'sandbox', 'production', 'client_secret_basic', 'none'],
  ...['active', 'submitted', 'suspended', 'disabled', 'deleted', 'overview', 'settings'],
  ...['addresses', 'members', 'activity', 'close', 'open', 'credentials', 'code'],
  ...['secret', 'key', 'live', 'retiring', 'ended'],
  ...['usage', 'refusals'],
  ...['code', 'subscriptions', 'automatic', 'person', 'webhook', 'delegation', 'cancelled'],
  ...['expired', 'rejected', 'products', 'applications', 'approvals'],
  ...['approve', 'reject', 'suspend', 'resume'],
]);

/** The same data with every text that a stranger could have written made hostile. */
function poisoned(data: unknown): unknown {
  if (Array.isArray(data)) return data.map(poisoned);
  if (typeof data === 'object' && data !== null) {
    return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, poisoned(value)]));
  }
  return typeof data === 'string' && !OUR_WORDS.has(data) ? `${data}${hostile}` : data;
}

test.serial('hostile text is shown as text on every page and runs nothing', async (t) => {
  for (const view of viewNames) {
    // Poisoning keeps the shape, and only the shape matters to the view.
    const data = poisoned(samples[view]) as Views[typeof view];
    await open({ view, data }, async (page) => {
      t.not(await page.title(), 'owned');
      t.is(await page.locator('img, script:not([src])').count(), 0, view);
      // This page shows nothing that comes from outside.
      if (view !== 'not-me') t.regex(await bodyText(page), /onerror=/, view);
    });
  }
});

test.serial('a link is drawn only to http, https or this origin', async (t) => {
  for (const href of [
    'javascript:alert(1)',
    'data:text/html,x',
    'JaVaScRiPt:alert(1)',
    'ftp://x/',
  ]) {
    const { consent, error } = samples;
    await open({ view: 'error', data: { ...error, link: { href, text: 'Go' } } }, async (page) =>
      t.is(await page.locator('main a').count(), 0, href),
    );
    const data = { ...consent, client: { ...consent.client, uri: href } };
    await open({ view: 'consent', data }, async (page) =>
      t.is(await page.locator('main a').count(), 0, href),
    );
  }
});

test.serial('a name cannot turn the text around it with direction controls', async (t) => {
  const data = { ...samples['sign-in'], client: { name: '\u202Emoc.soso\u2066tnoc' } };
  await open({ view: 'sign-in', data }, async (page) => {
    t.is(await page.locator('.lede .client-name').textContent(), 'moc.sosotnoc');
  });
});

const posts: { view: keyof typeof samples; button: string; expected: Record<string, string> }[] = [
  {
    view: 'sign-in',
    button: 'Sign in',
    expected: { path: '/done', csrf: 'a"token', email: 'ada@example.com', password: ' päss ' },
  },
  { view: 'sign-in', button: 'Cancel', expected: { path: '/cancelled', csrf: 'a"token' } },
  {
    view: 'select-account',
    button: 'Continue',
    expected: { path: '/done', csrf: 'a"token', choice: 'continue' },
  },
  {
    view: 'select-account',
    button: 'Use another account',
    expected: { path: '/done', csrf: 'a"token', choice: 'another' },
  },
  { view: 'select-account', button: 'Cancel', expected: { path: '/cancelled', csrf: 'a"token' } },
  {
    view: 'consent',
    button: 'Allow',
    expected: { path: '/done', csrf: 'a"token', choice: 'allow' },
  },
  { view: 'consent', button: 'Deny', expected: { path: '/cancelled', csrf: 'a"token' } },
  {
    view: 'consent',
    button: 'Use another account',
    expected: { path: '/done', csrf: 'a"token', choice: 'another' },
  },
  { view: 'sign-out', button: 'Sign out', expected: { path: '/done', xsrf: 'x', logout: 'yes' } },
  { view: 'sign-out', button: 'Stay signed in', expected: { path: '/done', xsrf: 'x' } },
];
for (const { view, button, expected } of posts) {
  test.serial(`without JavaScript, "${button}" on ${view} posts its fields`, async (t) => {
    await open({ view, data: samples[view], javaScriptEnabled: false }, async (page) => {
      if (view === 'sign-in') {
        await page.getByLabel('E-mail address').fill('ada@example.com');
        await page.getByLabel('Password').fill(' päss ');
      }
      await page.getByRole('button', { name: button, exact: true }).click();
      await page.waitForURL(`${origin}${expected['path']}`);
      t.deepEqual(JSON.parse(await bodyText(page)), expected);
    });
  });
}

test.serial('a password that was shown is hidden again before it is sent', async (t) => {
  await open({ view: 'sign-in', data: refused }, async (page) => {
    await page.evaluate(() =>
      document.forms[0]?.addEventListener('submit', (event) => event.preventDefault()),
    );
    const password = page.locator('#password');
    await page.getByRole('button', { name: 'Show password' }).click();
    t.is(await password.getAttribute('type'), 'text');
    await password.press('Enter');
    t.is(await password.getAttribute('type'), 'password');
  });
});

test.serial(
  'the main button is on the screen of a pop-up, whatever the page has to say',
  async (t) => {
    const longName = 'An Extraordinarily Long-Winded Partner Portal '.repeat(5);
    for (const data of [
      samples['sign-in'],
      refused,
      incomplete,
      { ...refused, client: { name: longName } },
    ]) {
      await open({ view: 'sign-in', data }, async (page) => {
        const box = await page.getByRole('button', { name: 'Sign in' }).boundingBox();
        t.true(box !== null && box.y + box.height <= popUp.height);
      });
    }
    await open({ view: 'consent', data: samples.consent }, async (page) => {
      const box = await page.getByRole('button', { name: 'Allow' }).boundingBox();
      t.true(box !== null && box.y + box.height <= popUp.height);
    });
  },
);

// Runs in the page. What is cut off does not scroll, so it is looked for by its place.
function textBeyondTheEdge(): string[] {
  const found: string[] = [];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const { currentNode: node } = texts;
    const range = document.createRange();
    range.selectNodeContents(node);
    const scrolls = node.parentElement?.closest('.table-scroll, .visually-hidden');
    if (!scrolls && range.getBoundingClientRect().right > innerWidth)
      found.push(`${node.nodeValue}`);
  }
  return found;
}

test.serial('no page scrolls sideways at 320 pixels, even with endless words', async (t) => {
  const endless = { name: 'W'.repeat(200), email: `${'w'.repeat(60)}@${'w'.repeat(60)}.example` };
  for (const view of viewNames) {
    // Only texts of the same shape are replaced.
    const data = {
      ...samples[view],
      ...('account' in samples[view] ? { account: endless } : {}),
    } as Views[typeof view];
    await open({ view, data, viewport: { width: 320, height: 568 } }, async (page) => {
      t.deepEqual(await page.evaluate(textBeyondTheEdge), [], view);
      const excess = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      t.is(excess, 0, view);
    });
  }
});

test.serial('a refused sign-in says so first, and puts the cursor where to go on', async (t) => {
  await open({ view: 'sign-in', data: refused }, async (page) => {
    t.regex(await page.title(), /^Error: That e-mail address and password do not match/);
    t.regex((await page.getByRole('alert').textContent()) ?? '', /do not match/);
    t.is(await page.locator(':focus').getAttribute('name'), 'password');
  });
  await open({ view: 'sign-in', data: incomplete }, async (page) => {
    const email = page.locator(':focus');
    t.is(await email.getAttribute('name'), 'email');
    t.is(await email.getAttribute('aria-invalid'), 'true');
    const message = page.locator(`#${await email.getAttribute('aria-describedby')}`);
    t.is((await message.textContent())?.trim(), 'Enter your e-mail address.');
  });
});
