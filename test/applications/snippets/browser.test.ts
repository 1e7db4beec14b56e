// The page that a browser application pastes, in Chromium, with the library that it names.
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import test from 'ava';
import { snippetOf } from '../../../src/applications/snippets/snippets.ts';
import { type Gatehouse, startGatehouse } from '../../_gatehouse.ts';
import { freePorts } from '../../_process.ts';
import { nextPage, readText, signIn, useBrowser } from '../../portal/_browser.ts';
import { addApplication } from '../_application.ts';
import { type OrdersApi, startOrdersApi } from './_orders.ts';

const visit = useBrowser(test);
let gatehouse: Gatehouse;
let orders: OrdersApi;
let site: Server;
let origin: string;

const bundle = new URL('../browser/oidc-client-ts.min.js', import.meta.resolve('oidc-client-ts'));
const library = `${readFileSync(bundle, 'utf8')}\nexport const { UserManager } = oidc;`;
// What `npx vite` does for the developer: it finds the library, and answers every path with the page.
const imports = '<script type="importmap">{"imports":{"oidc-client-ts":"/library.js"}}</script>';

test.before(async () => {
  gatehouse = await startGatehouse();
  const port = await freePorts(1);
  origin = `http://localhost:${port}`;
  orders = await startOrdersApi(gatehouse);
  const { stored } = await addApplication(gatehouse, {
    kind: 'spa',
    redirectUris: [`${origin}/callback`],
    allowedCorsOrigins: [origin],
  });
  const callable = { api: orders.sandbox, scopes: ['orders.read'] };
  const facts = { issuer: gatehouse.issuer, kind: 'spa' as const, client: stored, callable };
  const page = snippetOf(facts, 'browser')?.code.replace('<script', `${imports}\n<script`);
  site = createServer(({ url }, response) => {
    const isLibrary = url === '/library.js';
    response.setHeader('Content-Type', isLibrary ? 'text/javascript' : 'text/html');
    response.end(isLibrary ? library : page);
  });
  await new Promise<void>((resolve) => site.listen(port, resolve));
});
test.after.always(async () => {
  site?.closeAllConnections();
  site?.close();
  orders?.stop();
  await gatehouse?.stop();
});

test.serial('it signs a person in and calls the API', async (t) => {
  await visit(t, async (page) => {
    await page.goto(origin);
    await nextPage(page, () => page.getByRole('button', { name: 'Sign in' }).click());
    const [account] = gatehouse.accounts;
    if (!account) throw new Error('no account');
    await nextPage(page, () => signIn(page, account));
    await nextPage(page, () => page.getByRole('button', { name: 'Allow' }).click());
    await page.locator('pre', { hasText: '"environment":"sandbox"' }).waitFor();
    t.is(page.url(), `${origin}/callback`, 'the code is gone from the address');
    t.false((await readText(page.locator('pre'))).includes('orders.write'));
  });
});

test.serial('it says that the person did not allow it', async (t) => {
  await visit(t, async (page) => {
    await page.goto(origin);
    await nextPage(page, () => page.getByRole('button', { name: 'Sign in' }).click());
    await nextPage(page, () =>
      page
        .getByRole('link', { name: 'Cancel' })
        .or(page.getByRole('button', { name: 'Cancel' }))
        .click(),
    );
    await page.locator('pre', { hasText: 'The sign-in was cancelled.' }).waitFor();
    t.pass();
  });
});
