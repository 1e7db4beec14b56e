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

const hostile =
  '"><script>document.title="owned"</script><img src=x onerror="document.title=\'owned\'">';
const forms = { action: '/done', cancelAction: '/cancelled', csrf: 'a"token' };
const client = { name: 'Contoso Developer Portal' };
const account = { name: 'Ada Lovelace', email: 'ada@example.com' };
const scopes = Array.from({ length: 12 }, (_, index) => ({
  name: `orders:part-${index}`,
  description: 'Read your orders and how far their delivery is',
}));

const samples: { [V in keyof Views]: Views[V] } = {
  'sign-in': { ...forms, client, email: '' },
  'select-account': { ...forms, client, account },
  consent: {
    ...forms,
    client: {
      ...client,
      redirectHost: 'portal.contoso.com',
      kind: 'spa',
      uri: 'https://contoso.com/',
    },
    account,
    identity: ['Know who you are', 'Read your e-mail address'],
    apis: [
      { name: 'Orders API', environment: 'production', scopes },
      { name: 'Payments API', environment: 'sandbox', scopes: scopes.slice(0, 1) },
    ],
    offlineAccess: true,
    switchAccount: true,
  },
  'sign-out': { action: '/done', xsrf: 'x', account, client },
  'signed-out': { client },
  error: {
    status: 400,
    title: 'This sign-in cannot go on',
    message: 'The application sent a redirect_uri that is not registered.',
    hint: 'Start again in the application.',
    correlationId: '7f3c9a52-0d0e-4b8c-9a4f-1f4d7c1b22aa',
    link: { href: '/', text: 'Go to the start page' },
  },
  home: {
    issuer: 'https://login.example',
    signedIn: account,
    demo: {
      portalUrl: 'http://localhost:4001/',
      apiUrl: 'http://localhost:4002/',
      accounts: [{ email: 'ada@demo.example', password: 'open-sesame-12345', role: 'Developer' }],
    },
  },
};
const viewNames = Object.keys(samples) as (keyof Views)[]; // the mapped type has exactly these keys
const refused: Views['sign-in'] = {
  ...samples['sign-in'],
  email: 'ada@example.com',
  alert: 'That e-mail address and password do not match. Check both and try again.',
  passwordFocus: true,
};
const incomplete: Views['sign-in'] = {
  ...samples['sign-in'],
  errors: { email: 'Enter your e-mail address.', password: 'Enter your password.' },
};

let browser: Browser;
let server: Server;
let origin: string;
let shown: (ctx: Koa.Context) => void;

test.before(async () => {
  const executablePath =
    process.env['CHROMIUM_PATH'] ??
    execFileSync('sh', ['-c', 'command -v chromium']).toString().trim();
  const args = [
    '--no-sandbox',
    '--disable-gpu',
    '--no-first-run',
    '--disable-background-networking',
  ];
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

const render = createRender({ viewsDirectory: 'views', productName: 'Gatehouse', demo: true });
const popUp = { width: 400, height: 500 };

/** Opens a page that shows `view`, lets `look` examine it, and closes it. */
async function open<V extends keyof Views>(
  { view, data, ...options }: BrowserContextOptions & { view: V; data: Views[V] },
  look: (page: Page) => Promise<void>,
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

async function violations(page: Page): Promise<string[]> {
  await page.addScriptTag({ content: axe.source });
  const { violations: found } = await page.evaluate(() => window.axe.run());
  return found.flatMap(({ id, nodes }) =>
    nodes.map((node) => `${id}: ${node.target} ${node.html}`),
  );
}

declare global {
  interface Window {
    axe: typeof axe;
  }
}

for (const colorScheme of ['light', 'dark'] as const) {
  for (const viewport of [popUp, { width: 1280, height: 800 }]) {
    const setting = `${colorScheme} at ${viewport.width}x${viewport.height}`;
    test.serial(`no page has an accessibility violation, ${setting}`, async (t) => {
      for (const view of viewNames) {
        const options = { view, data: samples[view], colorScheme, viewport };
        await open(options, async (page) => t.deepEqual(await violations(page), [], view));
      }
      for (const data of [refused, incomplete]) {
        const options = { view: 'sign-in' as const, data, colorScheme, viewport };
        await open(options, async (page) => t.deepEqual(await violations(page), [], 'sign-in'));
      }
    });
  }
}

/** The same data with every text that a stranger could have written made hostile. */
function poisoned(data: unknown): unknown {
  if (Array.isArray(data)) return data.map(poisoned);
  if (typeof data === 'object' && data !== null) {
    return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, poisoned(value)]));
  }
  return typeof data === 'string' ? `${data}${hostile}` : data;
}

test.serial('hostile text is shown as text on every page and runs nothing', async (t) => {
  for (const view of viewNames) {
    // Poisoning keeps the shape, and only the shape matters to the view.
    const data = poisoned(samples[view]) as Views[typeof view];
    await open({ view, data }, async (page) => {
      t.not(await page.title(), 'owned');
      t.is(await page.locator('img, script:not([src])').count(), 0, view);
      t.regex(await page.locator('body').innerText(), /onerror=/, view);
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
    t.is(await page.locator('.client-name').innerText(), 'moc.sosotnoc');
  });
});

const posts: { view: keyof Views; button: string; expected: Record<string, string> }[] = [
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
      t.deepEqual(JSON.parse(await page.locator('body').innerText()), expected);
    });
  });
}

test.serial(
  'Enter in the password field signs in, and a shown password is hidden first',
  async (t) => {
    await open({ view: 'sign-in', data: refused }, async (page) => {
      await page.getByRole('button', { name: 'Show password' }).click();
      const password = page.getByLabel('Password', { exact: true });
      t.is(await password.getAttribute('type'), 'text');
      await password.fill('secret');
      await password.press('Enter');
      await page.waitForURL(`${origin}/done`);
      t.like(JSON.parse(await page.locator('body').innerText()), { password: 'secret' });
    });
  },
);

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

test.serial('no page scrolls sideways at 320 pixels, even with endless words', async (t) => {
  const endless = { name: 'W'.repeat(200), email: `${'w'.repeat(60)}@${'w'.repeat(60)}.example` };
  for (const view of viewNames) {
    // Only texts of the same shape are replaced.
    const data = {
      ...samples[view],
      ...('account' in samples[view] ? { account: endless } : {}),
    } as Views[typeof view];
    await open({ view, data, viewport: { width: 320, height: 568 } }, async (page) => {
      const excess = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      t.is(excess, 0, view);
    });
  }
});

test.serial('a refused sign-in says so first, and puts the cursor where to go on', async (t) => {
  await open({ view: 'sign-in', data: refused }, async (page) => {
    t.regex(await page.title(), /^Error: That e-mail address and password do not match/);
    t.regex(await page.getByRole('alert').innerText(), /do not match/);
    t.is(await page.locator(':focus').getAttribute('name'), 'password');
  });
  await open({ view: 'sign-in', data: incomplete }, async (page) => {
    const email = page.locator(':focus');
    t.is(await email.getAttribute('name'), 'email');
    t.is(await email.getAttribute('aria-invalid'), 'true');
    const message = page.locator(`#${await email.getAttribute('aria-describedby')}`);
    t.is((await message.innerText()).trim(), 'Enter your e-mail address.');
  });
});

test.serial(
  'pages are not stored, and their assets may be kept as long as the hash is right',
  async (t) => {
    shown = (ctx) => render(ctx, 'error', samples.error);
    const page = await fetch(origin);
    t.is(page.headers.get('cache-control'), 'no-store');
    const [path = ''] = (await page.text()).match(/\/assets\/style\.css\?v=[\w-]+/) ?? [];
    const asset = await fetch(origin + path);
    t.is(asset.headers.get('cache-control'), 'public, max-age=31536000, immutable');
    t.is(asset.headers.get('content-type'), 'text/css; charset=utf-8');
    t.is(asset.headers.get('x-content-type-options'), 'nosniff');
    const stale = await fetch(`${origin}/assets/style.css?v=old`, { method: 'HEAD' });
    t.is(stale.headers.get('cache-control'), 'no-cache');
    const headers = { 'If-None-Match': asset.headers.get('etag') ?? '' };
    t.is((await fetch(`${origin}/assets/style.css`, { headers })).status, 304);
  },
);

test.serial('nothing outside the assets is an asset', async (t) => {
  shown = (ctx) => ctx.throw(404);
  for (const path of [
    '/assets/..%2Flayout.eta',
    '/assets/constructor',
    '/assets/',
    '/assets/none.css',
  ]) {
    t.is((await fetch(origin + path)).status, 404, path);
  }
  const post = await fetch(`${origin}/assets/style.css`, { method: 'POST' });
  t.deepEqual(await post.json(), { path: '/assets/style.css' });
});
