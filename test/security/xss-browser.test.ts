// T-48: with hostile names and parameters, no script of a stranger runs in a real browser.
/// <reference lib="dom" />
import test from 'ava';
import type { Browser, Page } from 'playwright-core';
import { insertApi, listApis } from '../../src/storage/apis.ts';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { launchBrowser, watch } from './_browser.ts';
import { withClient } from './_clients.ts';
import { authorization, encode, type Params, type Target } from './_flow.ts';
import { POLYGLOTS } from './_polyglots.ts';

let gatehouse: Gatehouse;
let browser: Browser;
let target: Target;
const words = POLYGLOTS.join('\n');
const name = '"><img src=x onerror=alert(1)><script>alert(1)</script>\'<svg onload=alert(1)>';
const REDIRECT = 'http://127.0.0.1:9/hostile';
const SCOPE = 'openid profile email offline_access hostile.scope';

test.before(async () => {
  gatehouse = await startGatehouse();
  browser = await launchBrowser();
  await insertApi(gatehouse.db, {
    name: words,
    environment: 'production',
    resource: 'https://hostile.test/',
    audience: 'https://hostile.test/',
    alg: 'RS256',
    typ: 'at+jwt',
    tokenLifetime: 600,
    claims: [],
    scopes: [{ name: 'hostile.scope', description: words }],
  });
  const api = (await listApis(gatehouse.db)).find(({ name: apiName }) => apiName === words);
  if (!api) throw new Error('no API');
  target = await withClient(gatehouse, {
    name,
    firstParty: false,
    redirectUris: [{ uri: REDIRECT, type: 'web' }],
    postLogoutRedirectUris: [REDIRECT],
    entitlements: [{ api, scopes: ['hostile.scope'] }],
    defaultApi: api,
  });
});
test.after.always(async () => {
  await browser?.close();
  await gatehouse?.stop();
});

/** Waits until the page has settled, then pokes everything that a person could poke. */
async function poke(page: Page): Promise<void> {
  await page.waitForLoadState('load');
  await page.evaluate(() => {
    for (const element of document.querySelectorAll<HTMLElement>('main *:not(button):not(a)')) {
      element.dispatchEvent(new MouseEvent('mouseover', { bubbles: true }));
      element.dispatchEvent(new Event('focus'));
    }
  });
}

test('T-48 hostile names run nothing on sign-in, consent, choice and sign-out', async (t) => {
  const { context, alarms, violations } = await watch(browser, [gatehouse.issuer]);
  const page = await context.newPage();
  const { email = '', password = '' } = gatehouse.accounts[0] ?? {};
  const login_hint = '"><script>alert(1)</script><img src=x onerror=alert(1)>';
  await page.goto(authorization(target, 'web', { scope: SCOPE, login_hint }).url);
  await poke(page);
  t.is(await page.locator('#email').inputValue(), login_hint);
  await page.locator('#email').fill(email);
  await page.locator('#password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('button', { name: 'Allow' }).waitFor();
  await poke(page);
  t.true((await page.locator('h1').textContent())?.includes(name));
  t.true((await page.locator('main').textContent())?.includes('<script>alert(1)</script>'));

  const { client_id } = target.client('web');
  await page.goto(`${gatehouse.issuer}/logout?${encode({ client_id, state: words })}`);
  await poke(page);
  t.true((await page.locator('main').textContent())?.includes(name));
  await page.goto(authorization(target, 'web', { scope: SCOPE, prompt: 'select_account' }).url);
  await poke(page);
  t.true((await page.locator('main').textContent())?.includes(name));
  t.deepEqual(alarms, []);
  t.deepEqual(violations, [], 'nothing even tried');
  await context.close();
});

test('T-48 hostile parameters run nothing on error pages and answers by form', async (t) => {
  const { context, alarms } = await watch(browser, [gatehouse.issuer, 'http://127.0.0.1:9']);
  const page = await context.newPage();
  const requests: Params[] = [
    { client_id: words },
    { redirect_uri: words },
    { redirect_uri: 'javascript:alert(1)' },
    { response_type: '"><script>alert(1)</script>', redirect_uri: 'https://evil.test' },
    { prompt: 'none', response_mode: 'form_post', state: words },
    { scope: `openid ${name}`, response_mode: 'form_post' },
  ];
  for (const params of requests) {
    // Nobody listens where the answers go, so the last navigation fails.
    await page.goto(authorization(target, 'web', params).url).catch(() => undefined);
    await poke(page).catch(() => undefined);
  }
  for (const path of [`/${encodeURIComponent(name)}`, `/interaction/${encodeURIComponent(name)}`]) {
    await page.goto(gatehouse.issuer + path);
    await poke(page);
  }
  t.deepEqual(alarms, []);
  await context.close();
});

test('T-48 the policy stops a script that would be there, and the alarm rings without it', async (t) => {
  const { context, alarms, violations } = await watch(browser, [gatehouse.issuer]);
  const page = await context.newPage();
  await page.goto(authorization(target, 'web', { scope: SCOPE }).url);
  const inject = () => {
    const main = document.querySelector('main');
    if (main) main.innerHTML = '<img src=data:, onerror=alert(1)>';
  };
  await page.evaluate(inject);
  await page.locator('img').waitFor({ state: 'attached' });
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(resolve)));
  t.deepEqual(alarms, []);
  t.true(violations.length > 0);

  const open = await context.newPage();
  await open.goto(`${gatehouse.issuer}/livez`);
  const rang = open.waitForEvent('dialog');
  await open.setContent('<p>x</p>');
  await open.evaluate(() => {
    setTimeout(() => alert(2));
  });
  await rang;
  t.deepEqual(alarms, ['dialog 2']);
  await context.close();
});
