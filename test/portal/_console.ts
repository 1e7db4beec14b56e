// The portal's test console as a person uses it.
import type { Page } from 'playwright-core';
import { signIn } from './_browser.ts';
import type { Demo } from './_demo.ts';

export type Flow = 'Authorization code' | 'Authorization code + PKCE' | 'Client credentials';

export interface ShownToken {
  text: string;
  header: Record<string, unknown>;
  claims: Record<string, unknown>;
}

/** Signs in at the portal and opens the console, with this flow chosen. */
export async function openConsole(demo: Demo, page: Page, flow: Flow): Promise<void> {
  const console = `${demo.file.portal_url}/apis/orders#console`;
  await page.goto(`${demo.file.portal_url}/signin?return_to=%2Fapis%2Forders%23console`);
  await signIn(page, demo.account('dev'));
  await page.waitForURL(console);
  await page.waitForLoadState();
  await chooseFlow(page, flow);
}

/** Chooses how the console gets its next token. */
export async function chooseFlow(page: Page, flow: Flow): Promise<void> {
  await page.getByLabel('Flow').selectOption({ label: flow });
}

/** Presses "Get a token" in a flow that opens a window, and returns that window. */
export async function getTokenInPopUp(page: Page): Promise<Page> {
  const [popUp] = await Promise.all([page.waitForEvent('popup'), getToken(page)]);
  return popUp;
}

/** Presses "Get a token". */
export async function getToken(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Get a token' }).click();
}

/** Waits for the token that the console shows, decoded by the console. */
export async function readToken(page: Page): Promise<ShownToken> {
  await page.getByText('Here is your token.').waitFor();
  const read = async (id: string) => (await page.locator(id).textContent()) ?? '';
  return {
    text: await read('#token-text'),
    header: JSON.parse(await read('#token-header')),
    claims: JSON.parse(await read('#token-claims')),
  };
}

/** Sends the request of an operation and returns what the API answered. */
export async function sendRequest(page: Page, operation: 'GET /orders' | 'POST /orders') {
  const operations = page.getByLabel('Operation', { exact: true });
  const choice = operations.locator('option', { hasText: operation });
  await operations.selectOption((await choice.getAttribute('value')) ?? '');
  await page.getByRole('button', { name: 'Send' }).click();
  await page.getByText(/^The API answered/).waitFor();
  const read = async (id: string) => (await page.locator(id).textContent()) ?? '';
  return {
    status: Number.parseInt(await read('#response-status'), 10),
    headers: await read('#response-headers'),
    body: JSON.parse(await read('#response-body')) as Record<string, unknown>,
  };
}
