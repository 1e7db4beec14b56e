// T-49: no page can be framed; none is isolated from the window that opened it.
/// <reference lib="dom" />
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import test from 'ava';
import type { Browser } from 'playwright-core';
import { createAgent, type Page } from '../_agent.ts';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { launchBrowser, watch } from './_browser.ts';
import { authorization, enterPassword, obtainCode } from './_flow.ts';

let gatehouse: Gatehouse;
let browser: Browser;
let evil: Server;
let evilOrigin: string;
let framed: string;
test.before(async () => {
  gatehouse = await startGatehouse();
  browser = await launchBrowser();
  evil = createServer((_request, response) => {
    response.setHeader('Content-Type', 'text/html');
    response.end(`<!doctype html><iframe name="victim" src="${framed}"></iframe>`);
  });
  await new Promise<void>((resolve) => evil.listen(0, '127.0.0.1', resolve));
  // Another site than 127.0.0.1.
  evilOrigin = `http://localhost:${(evil.address() as AddressInfo).port}`;
});
test.after.always(async () => {
  await browser?.close();
  evil?.close();
  await gatehouse?.stop();
});

/** Every kind of HTML answer that there is. */
async function allPages(): Promise<[string, Page][]> {
  const agent = createAgent(gatehouse.issuer);
  const signIn = await agent.get(authorization(gatehouse, 'third-party').url);
  const wrong = await agent.submit(signIn, 'Sign in', { email: 'x', password: '' });
  const consent = await enterPassword(gatehouse, agent, signIn);
  const { issuer } = gatehouse;
  const signedIn = (await obtainCode(gatehouse, 'web')).agent;
  const visitor = createAgent(issuer);
  const noSession = { prompt: 'none', response_mode: 'form_post' };
  return [
    ['home', await visitor.get(`${issuer}/`)],
    ['sign-in', signIn],
    ['sign-in with an error', wrong],
    ['consent', consent],
    [
      'choice',
      await signedIn.get(authorization(gatehouse, 'web', { prompt: 'select_account' }).url),
    ],
    ['sign-out', await signedIn.get(`${issuer}/logout`)],
    ['sign-out without a session', await visitor.get(`${issuer}/logout`)],
    ['signed out', await visitor.get(`${issuer}/logout/success`)],
    ['unknown client', await visitor.get(`${issuer}/authorize?client_id=x`)],
    [
      'wrong redirect',
      await visitor.get(authorization(gatehouse, 'web', { redirect_uri: 'x' }).url),
    ],
    ['answer by form', await visitor.get(authorization(gatehouse, 'web', noSession).url)],
    ['ended sign-in', await visitor.get(`${issuer}/interaction/x`)],
    ['lost resume', await visitor.get(`${issuer}/authorize/x`)],
    ['not found', await visitor.get(`${issuer}/nothing`)],
    ['wrong xsrf', await visitor.get(`${issuer}/logout/confirm`)],
  ];
}

test('T-49 every page forbids framing and keeps its opener', async (t) => {
  for (const [name, page] of await allPages()) {
    t.regex(page.headers.get('Content-Type') ?? '', /^text\/html/, name);
    const policy = page.headers.get('Content-Security-Policy') ?? '';
    t.regex(policy, /frame-ancestors 'none'(;|$)/, name);
    t.is(page.headers.get('X-Frame-Options'), 'DENY', name);
    t.regex(page.headers.get('Cross-Origin-Opener-Policy') ?? 'unsafe-none', /^unsafe-none$/, name);
    t.is(page.headers.get('Cross-Origin-Embedder-Policy'), null, name);
    t.is(page.headers.get('Access-Control-Allow-Origin'), null, name);
    t.regex(page.headers.get('Cache-Control') ?? '', /no-store/, name);
  }
});

test('T-49 answers that are not pages forbid framing, too', async (t) => {
  for (const path of [
    '/.well-known/openid-configuration',
    '/jwks',
    '/assets/style.css',
    '/livez',
    '/userinfo',
  ]) {
    const answer = await fetch(gatehouse.issuer + path);
    t.regex(answer.headers.get('Content-Security-Policy') ?? '', /frame-ancestors 'none'/, path);
    t.is(answer.headers.get('X-Frame-Options'), 'DENY', path);
    t.is(answer.headers.get('X-Content-Type-Options'), 'nosniff', path);
    await answer.body?.cancel();
  }
});

test.serial(
  'T-49 Chromium refuses to show the sign-in page in a frame of another site',
  async (t) => {
    const { context, violations } = await watch(browser, [gatehouse.issuer, evilOrigin]);
    const page = await context.newPage();
    for (const url of [
      authorization(gatehouse, 'web').url,
      authorization(gatehouse, 'web', { redirect_uri: 'x' }).url,
      `${gatehouse.issuer}/`,
      `${gatehouse.issuer}/logout`,
    ]) {
      framed = url.replaceAll('&', '&amp;');
      violations.length = 0;
      await page.goto(evilOrigin);
      const [, frame] = page.frames();
      t.is((await frame?.locator('main.card, form').count()) ?? 0, 0, url);
      t.true(violations.length > 0, url);
    }
    await context.close();
  },
);

test.serial('T-49 the frame itself works: it shows a page that may be framed', async (t) => {
  const { context, violations } = await watch(browser, [gatehouse.issuer, evilOrigin]);
  const page = await context.newPage();
  framed = 'data:text/html,<main class=card>free</main>';
  await page.goto(evilOrigin);
  const [, frame] = page.frames();
  t.is(await frame?.locator('main.card').textContent(), 'free');
  t.deepEqual(violations, []);
  await context.close();
});

test.serial(
  'T-49 a console that opens the sign-in page in a window keeps the window',
  async (t) => {
    const { context } = await watch(browser, [gatehouse.issuer, evilOrigin]);
    const page = await context.newPage();
    framed = 'about:blank';
    await page.goto(evilOrigin);
    const opened = context.waitForEvent('page');
    await page.evaluate((url) => {
      window.open(url, 'console', 'width=400,height=500');
    }, authorization(gatehouse, 'web').url);
    const popUp = await opened;
    await popUp.getByRole('button', { name: 'Sign in' }).waitFor();
    t.true(await popUp.evaluate(() => window.opener !== null));
    await context.close();
  },
);
