// A real Chromium in front of the demo, and what a person does with the pages that it shows.
/// <reference lib="dom" />
// The types of playwright-core speak of the DOM.
import { execFileSync } from 'node:child_process';
import type { ExecutionContext, TestFn } from 'ava';
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Locator,
  type Page,
} from 'playwright-core';
import type { DemoAccount } from '../../src/demo/demo-file.ts';

export const POP_UP = { width: 400, height: 500 };
export const DESK = { width: 1280, height: 800 };

// A busy machine is no reason to fail; every wait ends as soon as what it waits for is there.
const PATIENCE_MS = 30_000;

/**
 * Opens a fresh browser profile with one page and closes it afterwards. The test fails for whatever
 * any page of it complained about: scripts that threw, a violated content security policy, a 5xx.
 */
export type Visit = (
  t: ExecutionContext,
  look: (page: Page) => Promise<unknown>,
  options?: BrowserContextOptions & { initScript?: string },
) => Promise<void>;

/** Launches the browser before the tests of this file and closes it after them. */
export function useBrowser(test: TestFn): Visit {
  let browser: Browser | undefined;

  test.before('the browser starts', async () => {
    browser = await launchChromium();
  });
  test.after.always('the browser ends', async () => {
    await browser?.close();
  });

  return async (t, look, { initScript, ...options } = {}) => {
    if (!browser) throw new Error('the browser has not started yet');
    const context = await browser.newContext({
      viewport: DESK,
      reducedMotion: 'reduce',
      ...options,
    });
    context.setDefaultTimeout(PATIENCE_MS);
    if (initScript !== undefined) await context.addInitScript({ content: initScript });
    const complaints = listenForComplaints(context);
    try {
      await look(await context.newPage());
      t.deepEqual(complaints, []);
    } finally {
      await context.close();
    }
  };
}

/** Launches the Chromium of the machine, or the one that CHROMIUM_PATH names. */
async function launchChromium(): Promise<Browser> {
  const executablePath =
    process.env['CHROMIUM_PATH'] ??
    execFileSync('sh', ['-c', 'command -v chromium']).toString().trim();
  const switches = 'no-sandbox disable-gpu disable-quic no-first-run disable-background-networking';
  const args = `${switches} disable-component-update disable-sync`.split(' ').map((s) => `--${s}`);
  return chromium.launch({ executablePath, args, timeout: PATIENCE_MS });
}

function listenForComplaints(context: BrowserContext): string[] {
  const complaints: string[] = [];
  context.on('weberror', (error) => complaints.push(`script: ${error.error().message}`));
  context.on('console', (message) => {
    // A page that is an error, or an API that refuses, is often just what a test is about.
    const isStatus = message.text().startsWith('Failed to load resource:');
    if (message.type() === 'error' && !isStatus) complaints.push(`console: ${message.text()}`);
  });
  context.on('response', (response) => {
    if (response.status() >= 500) complaints.push(`${response.status()} of ${response.url()}`);
  });
  return complaints;
}

/** Fills in the sign-in page that is open and sends it. */
export async function signIn(page: Page, { email, password }: DemoAccount): Promise<void> {
  await page.getByLabel('E-mail address').fill(email);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

/** Does what makes the page load another document, and waits for that. */
export async function nextPage(page: Page, act: () => Promise<unknown>): Promise<void> {
  await Promise.all([page.waitForEvent('load'), act()]);
}

/** The text of an element on one line. */
export async function readText(element: Locator): Promise<string> {
  return ((await element.textContent()) ?? '').replace(/\s+/g, ' ').trim();
}

/** The text of the page's main part on one line. */
export function mainText(page: Page): Promise<string> {
  return readText(page.getByRole('main'));
}
