// /applications/<id>/code: the code of one's own application, and of nobody else's.
import test from 'ava';
import { createAgent, type Page } from '../../_agent.ts';
import { type Gatehouse, startGatehouse } from '../../_gatehouse.ts';
import { addAccount } from '../../_protocol.ts';
import { mainText, openMyAccount } from '../../accounts/_my-account.ts';
import { addApplication, CALLBACK } from '../_application.ts';

let gatehouse: Gatehouse;
test.before(async () => {
  gatehouse = await startGatehouse();
});
test.after.always(() => gatehouse?.stop());

const codeOf = (page: Page) => page.html.querySelector('pre.code')?.textContent ?? '';
const linksIn = (page: Page, label: string) =>
  page.html
    .querySelectorAll(`nav[aria-label=${label}] a`)
    .map((link) => ({ name: link.textContent, href: link.getAttribute('href') ?? '' }));

async function openCode(kind: 'machine' | 'web' | 'spa') {
  const account = await addAccount(gatehouse);
  const created = await addApplication(gatehouse, { kind, ownerId: account.id });
  const path = `/applications/${created.application.id}/code`;
  return { ...created, path, ...(await openMyAccount(gatehouse, account, path)) };
}

test('the code has the ids of the application, and no secret', async (t) => {
  const { page, agent, client, secret = '' } = await openCode('machine');
  t.is(page.status, 200, page.text);
  t.true(codeOf(page).includes(client.client_id));
  t.true(codeOf(page).includes(`${gatehouse.issuer}/token`));
  t.true(codeOf(page).includes('scope=orders.read orders.write'));
  t.true(codeOf(page).includes('resource=https://sandbox.api.example.com/orders'));
  const languages = linksIn(page, 'Language');
  t.deepEqual(
    languages.map(({ name }) => name),
    ['curl', 'Node.js', 'Python', 'Go', 'Java', 'C#'],
  );
  for (const { name, href } of languages) {
    const other = await agent.get(gatehouse.issuer + href);
    t.is(
      other.html.querySelector('nav.code-choices a[href*=language][aria-current]') && other.status,
      200,
    );
    t.true(codeOf(other).includes(client.client_id), name);
    t.false(other.text.includes(secret), name);
    t.regex(other.text, /CLIENT_SECRET/);
  }
});

test('a web application is told which redirect URI its own machine needs', async (t) => {
  const { page } = await openCode('web');
  t.regex(codeOf(page), /'https:\/\/rp\.example\.com\/callback'/);
  t.regex(mainText(page), /add this redirect URI first: http:\/\/localhost:8080\/callback/);
  const browser = await openCode('spa');
  t.regex(codeOf(browser.page), /from 'oidc-client-ts'/);
  t.notRegex(browser.page.text, /CLIENT_SECRET/);
  t.is(browser.stored.redirectUris[0]?.uri, CALLBACK);
});

test('production is told apart, and asked for first', async (t) => {
  const { agent, path } = await openCode('machine');
  const page = await agent.get(`${gatehouse.issuer}${path}?environment=production&language=go`);
  t.is(codeOf(page), '');
  t.regex(mainText(page), /not in production yet/);
  t.is(page.html.querySelectorAll(`a[href$="/production"]`).length > 0, true);
});

test('an application that may call nothing is sent to the products', async (t) => {
  const account = await addAccount(gatehouse);
  const { application } = await addApplication(gatehouse, { ownerId: account.id, productIds: [] });
  const { page } = await openMyAccount(gatehouse, account, `/applications/${application.id}/code`);
  t.is(page.status, 200);
  t.is(codeOf(page), '');
  t.regex(mainText(page), /Subscribe it to a product first/);
});

test('whatever the address asks for, the page is there', async (t) => {
  const { agent, path } = await openCode('machine');
  const odd = ['language=cobol', 'api=api_0', 'environment=moon', 'language=go&language=java'];
  for (const query of [...odd, 'language=browser', 'api=%00', 'language=__proto__']) {
    const page = await agent.get(`${gatehouse.issuer}${path}?${query}`);
    t.is(page.status, 200, query);
    t.not(codeOf(page), '', query);
  }
});

test('a stranger learns nothing', async (t) => {
  const { path } = await openCode('machine');
  const other = await openMyAccount(gatehouse, await addAccount(gatehouse), path);
  const nowhere = path.replace(/app_\w+/, 'app_00000000');
  const unknown = await other.agent.get(gatehouse.issuer + nowhere);
  t.is(other.page.status, 404);
  t.is(
    mainText(other.page).replace(/[0-9a-f-]{36}/, ''),
    mainText(unknown).replace(/[0-9a-f-]{36}/, ''),
  );
  const nobody = await createAgent().request(gatehouse.issuer + path);
  t.regex(nobody.headers.get('Location') ?? '', /\/authorize\?/);
});
