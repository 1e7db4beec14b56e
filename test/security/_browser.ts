// Chromium as a person has it: scripts run, and what they would do is noticed.
import { execFileSync } from 'node:child_process';
import { type Browser, type BrowserContext, chromium } from 'playwright-core';

/** Starts the Chromium of the machine, or the one that CHROMIUM_PATH names. */
export function launchBrowser(): Promise<Browser> {
  const executablePath =
    process.env['CHROMIUM_PATH'] ??
    execFileSync('sh', ['-c', 'command -v chromium']).toString().trim();
  const switches = 'no-sandbox disable-gpu disable-quic no-first-run disable-background-networking';
  const args = `${switches} disable-component-update disable-sync`.split(' ').map((s) => `--${s}`);
  return chromium.launch({ executablePath, args });
}

export interface Watched {
  context: BrowserContext;
  /** Dialogs that opened, and requests that left for another origin. */
  alarms: string[];
  /** What the content security policy refused. */
  violations: string[];
}

/** A fresh profile that notes dialogs and requests to origins other than `own`. */
export async function watch(browser: Browser, own: string[]): Promise<Watched> {
  const context = await browser.newContext();
  const alarms: string[] = [];
  const violations: string[] = [];
  context.on('page', (page) => {
    page.on('dialog', async (dialog) => {
      alarms.push(`dialog ${dialog.message()}`);
      await dialog.dismiss();
    });
    page.on('console', (message) => {
      if (/Content Security Policy|frame-ancestors|X-Frame-Options/i.test(message.text()))
        violations.push(message.text());
    });
  });
  context.on('request', (request) => {
    const url = request.url();
    if (!own.some((origin) => url.startsWith(`${origin}/`)) && !url.startsWith('data:'))
      alarms.push(`request ${url}`);
  });
  return { context, alarms, violations };
}
