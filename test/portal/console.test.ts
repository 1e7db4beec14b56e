// The portal's test console: real windows of 400x500, real tokens, and the API that takes them.
import test, { type ExecutionContext } from 'ava';
import type { Page, Response } from 'playwright-core';
import { POP_UP, readText, signIn, useBrowser } from './_browser.ts';
import {
  chooseFlow,
  type Flow,
  getToken,
  getTokenInPopUp,
  openConsole,
  readToken,
  type ShownToken,
  sendRequest,
} from './_console.ts';
import { useDemo } from './_demo.ts';

const demo = useDemo(test, { GATEHOUSE_RATE_LIMITS: 'off' });
const visit = useBrowser(test);

const WITH_A_WINDOW: Flow[] = ['Authorization code', 'Authorization code + PKCE'];

/** Every document that the browser loads from now on, in whichever window. */
function recordDocuments(page: Page): Response[] {
  const documents: Response[] = [];
  page.context().on('response', (response) => {
    if (response.request().isNavigationRequest()) documents.push(response);
  });
  return documents;
}

/** What keeps `window.opener` usable and the pages out of frames. */
function assertPopUpHeaders(t: ExecutionContext, documents: Response[]): void {
  for (const document of documents) {
    const { 'cross-origin-opener-policy': opener = 'unsafe-none', ...headers } = document.headers();
    t.is(opener, 'unsafe-none', document.url());
    if (document.status() < 300)
      t.regex(headers['content-security-policy'] ?? '', /frame-ancestors 'none'/, document.url());
  }
}

async function accountSubject(page: Page): Promise<string> {
  const account = await page.context().newPage();
  await account.goto(`${demo.file.portal_url}/account`);
  const claims: { sub: string } = JSON.parse(await readText(account.locator('pre')));
  await account.close();
  return claims.sub;
}

function assertSandboxToken(t: ExecutionContext, token: ShownToken, subject: string): void {
  const { target, file } = demo;
  const sandbox = file.apis.find(({ environment }) => environment === 'sandbox');
  const { client_id } = target.client('console');
  t.is(token.text.split('.').length, 3);
  t.like(token.header, { alg: 'RS256', typ: 'at+jwt' });
  t.like(token.claims, {
    iss: file.issuer,
    aud: sandbox?.audience,
    sub: subject,
    client_id,
    azp: client_id,
    scope: 'orders.read orders.write',
  });
  t.is(Number(token.claims['exp']) - Number(token.claims['iat']), 300);
}

/** The sandbox takes the token for reading and writing; production says why it does not. */
async function assertTakenBySandboxOnly(t: ExecutionContext, page: Page, token: ShownToken) {
  const list = await sendRequest(page, 'GET /orders');
  t.is(list.status, 200);
  t.like(list.body, { environment: 'sandbox', token: { claims: { sub: token.claims['sub'] } } });
  const placed = await sendRequest(page, 'POST /orders');
  t.is(placed.status, 201);
  t.like(placed.body, { order: { item: 'Reading lamp', quantity: 2 } });

  const refusal = await fetch(`${demo.file.api_url}/production/orders`, {
    headers: { Authorization: `Bearer ${token.text}` },
  });
  t.is(refusal.status, 401);
  t.like(await refusal.json(), {
    error: 'invalid_token',
    error_description:
      'The token is for https://sandbox.api.example.com/orders; this API expects https://api.example.com/orders.',
  });
}

for (const flow of WITH_A_WINDOW) {
  test.serial(`${flow}: a window brings a token without a second sign-in and closes`, async (t) => {
    await visit(t, async (page) => {
      await openConsole(demo, page, flow);
      const subject = await accountSubject(page);
      const documents = recordDocuments(page);
      const popUp = await getTokenInPopUp(page);
      if (!popUp.isClosed()) await popUp.waitForEvent('close');
      const token = await readToken(page);
      t.deepEqual(
        documents.filter((document) => document.url().includes('/interaction/')),
        [],
        'nobody is asked again',
      );
      assertPopUpHeaders(t, documents);
      assertSandboxToken(t, token, subject);
      await assertTakenBySandboxOnly(t, page, token);
    });
  });

  test.serial(
    `${flow}: whoever is signed out at the server signs in inside the window`,
    async (t) => {
      await visit(t, async (page) => {
        await openConsole(demo, page, flow);
        const subject = await accountSubject(page);
        await page.context().clearCookies({ name: /^gatehouse_/ });
        const documents = recordDocuments(page);
        const popUp = await getTokenInPopUp(page);
        await popUp.getByRole('heading', { name: 'Sign in' }).waitFor();
        t.deepEqual(
          await popUp.evaluate(() => ({ width: innerWidth, height: innerHeight })),
          POP_UP,
        );
        t.true(await popUp.evaluate(() => window.opener !== null));
        await signIn(popUp, { ...demo.account('dev'), password: 'not the password' });
        await popUp.getByRole('alert').waitFor();
        t.true(await popUp.evaluate(() => window.opener !== null), 'also after a mistake');
        const closed = popUp.waitForEvent('close');
        await signIn(popUp, demo.account('dev'));
        await closed;
        assertSandboxToken(t, await readToken(page), subject);
        assertPopUpHeaders(t, documents);
      });
    },
  );
}

test.serial('whoever cancels in the window reads so in the console', async (t) => {
  await visit(t, async (page) => {
    await openConsole(demo, page, 'Authorization code');
    await page.context().clearCookies({ name: /^gatehouse_/ });
    for (const flow of WITH_A_WINDOW) {
      await chooseFlow(page, flow);
      const popUp = await getTokenInPopUp(page);
      const closed = popUp.waitForEvent('close');
      await popUp.getByRole('button', { name: 'Cancel' }).click();
      await closed;
      t.regex(await readText(page.locator('#token-status.error')), /^access_denied: .*cancelled/);
      t.true(await page.getByRole('button', { name: 'Send' }).isDisabled());
    }
  });
});

test.serial(
  'Client credentials: the portal brings a token of its own, with no window',
  async (t) => {
    await visit(t, async (page) => {
      await openConsole(demo, page, 'Client credentials');
      await getToken(page);
      const token = await readToken(page);
      t.is(page.context().pages().length, 1);
      assertSandboxToken(t, token, demo.target.client('console').client_id);
      await assertTakenBySandboxOnly(t, page, token);
    });
  },
);

test.serial('a scope that does not exist is refused in words, whatever the flow', async (t) => {
  await visit(t, async (page) => {
    await openConsole(demo, page, 'Client credentials');
    const box = page.getByRole('checkbox', { name: 'orders.write' });
    await box.evaluate((input) => input.setAttribute('value', 'orders.destroy'));
    for (const flow of [...WITH_A_WINDOW, 'Client credentials'] as const) {
      await chooseFlow(page, flow);
      await getToken(page);
      const said = await readText(page.locator('#token-status.error'));
      t.regex(said, /^invalid_scope: .*orders\.destroy/, flow);
      t.true(await page.getByRole('button', { name: 'Send' }).isDisabled());
    }
  });
});

test.serial(
  'a token without the scope of an operation is refused by the API in words',
  async (t) => {
    await visit(t, async (page) => {
      await openConsole(demo, page, 'Authorization code + PKCE');
      await page.getByRole('checkbox', { name: 'orders.write' }).uncheck();
      await getToken(page);
      t.is((await readToken(page)).claims['scope'], 'orders.read');
      t.is((await sendRequest(page, 'GET /orders')).status, 200);
      const refusal = await sendRequest(page, 'POST /orders');
      t.is(refusal.status, 403);
      t.is(
        refusal.body['error_description'],
        'This operation needs the scope orders.write; the token has only orders.read.',
      );
      t.regex(refusal.headers, /www-authenticate: Bearer error="insufficient_scope"/);
    });
  },
);

test.serial(
  'the console keeps its token to itself: nothing is stored, a reload forgets',
  async (t) => {
    await visit(t, async (page) => {
      await openConsole(demo, page, 'Authorization code');
      await getToken(page);
      const { text } = await readToken(page);
      const stored = await page.evaluate(() =>
        JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie]),
      );
      t.is(stored, '[{},{},""]');
      const state = await page.context().storageState();
      t.false(JSON.stringify(state).includes(text));
      await page.reload();
      t.true(await page.getByRole('button', { name: 'Send' }).isDisabled());
    });
  },
);
