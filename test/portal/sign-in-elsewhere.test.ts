// Signing in elsewhere as a person does it in a browser: with and without JavaScript, in a pop-up, by keyboard.
import test, { type ExecutionContext } from 'ava';
import axe from 'axe-core';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { addDomain } from '../../src/federation/management/connector-domains.ts';
import { runInUnitOfWork } from '../../src/storage/unit-of-work.ts';
import { addClient, authorizeUrl, eventually, type TestClient } from '../_protocol.ts';
import { inviteSomebody } from '../accounts/_invitations.ts';
import { type Stage, startStage, type Upstream } from '../federation/_stage.ts';
import { DESK, mainText, nextPage, POP_UP, useBrowser } from './_browser.ts';
import { openUpstreamSite, type UpstreamSite } from './_upstream-site.ts';

interface Scene {
  stage: Stage;
  site: UpstreamSite;
  client: TestClient;
  upstream: Upstream;
}

let house: Scene;
let alone: Scene;
test.before(async () => {
  house = await open(true);
  const { stage, upstream } = house;
  const domain = { connectorId: upstream.id, domain: 'contoso.example', forced: false };
  await runInUnitOfWork(stage.db.knex, async (unit) => {
    await addDomain(stage.db, { ...domain, asserted: true }, 'a test');
    await unit.commit();
  });
  const shown = async () => (await fetch(authorizeUrl(stage, house.client))).url;
  await eventually(shown, () => true);
  alone = await open(false);
});
test.after.always(async () => {
  for (const scene of [house, alone]) {
    scene?.site.close();
    await scene?.stage.stop();
  }
});
const visit = useBrowser(test);

async function open(passwords: boolean): Promise<Scene> {
  const stage = await startStage({ signUp: { mode: 'open', domains: [], passwords } });
  const site = await openUpstreamSite();
  const redirectUris = [{ uri: site.callback, type: 'web' as const }];
  const client = await addClient(stage, { kind: 'web', name: 'The portal', redirectUris });
  const upstream = await stage.upstream({ issuer: site.origin }, {}, 'Contoso');
  site.show(upstream.fake);
  return { stage, site, client, upstream };
}

const become = ({ upstream }: Scene, name: string) =>
  Object.assign(upstream.fake.person, { sub: name, email: `${name}@contoso.example` });

const at = (page: Page, title: string) =>
  page.getByRole('heading', { level: 1, name: title }).waitFor();

const goOn = (page: Page) => page.getByRole('link', { name: 'Go on' }).click();

async function expectAccessible(t: ExecutionContext, page: Page): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const)
    for (const viewport of [POP_UP, DESK]) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize(viewport);
      const { violations } = await page.evaluate(() => window.axe.run());
      const found = violations.map(({ id, nodes }) => `${id} ${nodes.map(({ html }) => html)}`);
      t.deepEqual(found, [], `${page.url()} ${colorScheme} ${viewport.width}`);
    }
}

const browsers: { how: string; options: BrowserContextOptions }[] = [
  { how: 'with JavaScript', options: {} },
  { how: 'without JavaScript', options: { javaScriptEnabled: false } },
  { how: 'in a pop-up', options: { viewport: POP_UP } },
];
for (const [index, { how, options }] of browsers.entries()) {
  test.serial(
    `an address leads to where its people sign in, and on to the portal, ${how}`,
    async (t) => {
      become(house, `first${index}`);
      await visit(
        t,
        async (page) => {
          await page.goto(authorizeUrl(house.stage, house.client));
          // By keyboard: the cursor is where to begin.
          await page.locator('#email:focus').waitFor();
          await page.keyboard.type(`first${index}@contoso.example`);
          await page.keyboard.press('Enter');
          await at(page, 'The upstream');
          t.regex(page.url(), new RegExp(`login_hint=first${index}%40contoso.example`));
          await goOn(page);
          await at(page, 'The portal');
          t.regex(page.url(), /[?&]code=/);
        },
        options,
      );
    },
  );

  test.serial(`choosing another account goes out to the only connector, ${how}`, async (t) => {
    become(alone, `other${index}`);
    await visit(
      t,
      async (page) => {
        await page.goto(authorizeUrl(alone.stage, alone.client));
        await at(page, 'The upstream');
        await goOn(page);
        await at(page, 'The portal');
        const again = { prompt: 'select_account' };
        await page.goto(authorizeUrl(alone.stage, alone.client, again));
        await page.getByRole('button', { name: 'Use another account' }).click();
        await at(page, 'The upstream');
        t.regex(page.url(), /prompt=select_account/);
        become(alone, `another${index}`);
        await page.reload();
        await goOn(page);
        // A change of account needs one more press without JavaScript.
        if (options.javaScriptEnabled === false)
          await page.getByRole('button', { name: 'Continue' }).click();
        await at(page, 'The portal');
      },
      options,
    );
  });
}

test.serial(
  'the page between a form and the upstream is accessible, and a press goes on',
  async (t) => {
    become(house, 'between');
    await visit(
      t,
      async (page) => {
        // An upstream that answers nothing lets us look at the page.
        await page.route(`${house.site.origin}/authorize?**`, (route) =>
          route.fulfill({ status: 204 }),
        );
        await page.goto(authorizeUrl(house.stage, house.client));
        await page.getByLabel('E-mail address').fill('between@contoso.example');
        await page.getByRole('button', { name: 'Continue', exact: true }).click();
        await at(page, 'On to Contoso');
        await expectAccessible(t, page);
        await page.unroute(`${house.site.origin}/authorize?**`);
        await page.getByRole('link', { name: 'Continue' }).click();
        await at(page, 'The upstream');
      },
      { initScript: axe.source },
    );
  },
);

test.serial(
  'who turns back may try again, and the back button leads nowhere strange',
  async (t) => {
    become(house, 'turns');
    await visit(t, async (page) => {
      await page.goto(authorizeUrl(house.stage, house.client));
      await page.getByLabel('E-mail address').fill('turns@contoso.example');
      await page.getByRole('button', { name: 'Continue', exact: true }).click();
      await at(page, 'The upstream');
      await page.goBack();
      t.is(
        await page.getByLabel('E-mail address').count(),
        1,
        'the first page, not the one between',
      );
      await page.getByRole('link', { name: 'Continue with Contoso' }).click();
      await at(page, 'The upstream');
      await page.getByRole('link', { name: 'Turn back' }).click();
      t.regex(await mainText(page), /You did not finish signing in with Contoso/);
      await page.getByRole('link', { name: 'Continue with Contoso' }).click();
      await goOn(page);
      await at(page, 'The portal');
    });
  },
);

test.serial(
  'a newcomer whom the upstream says little of fills in the rest, by keyboard in a pop-up',
  async (t) => {
    const { stage, client, upstream } = house;
    const before = { ...upstream.fake.person };
    Object.assign(upstream.fake.person, {
      ...{ sub: 'silent', email: undefined, name: undefined },
      ...{ given_name: undefined, family_name: undefined },
    });
    await visit(
      t,
      async (page) => {
        await page.goto(authorizeUrl(stage, client, { idp_hint: upstream.id }));
        await goOn(page);
        await at(page, 'Complete your account');
        await expectAccessible(t, page);
        await page.setViewportSize(POP_UP);
        await page.getByLabel('E-mail address').fill('silent@contoso.example');
        await page.getByLabel('Given name').fill('Silvia');
        await page.keyboard.press('Enter');
        await at(page, 'Confirm your address');
        await expectAccessible(t, page);
        await page.setViewportSize(POP_UP);
        await page.locator('#code:focus').waitFor();
        await page.keyboard.type('000000');
        await nextPage(page, () => page.keyboard.press('Enter'));
        t.regex(await mainText(page), /This is not the code|The portal/);
        const focused = await page.locator(':focus').getAttribute('name');
        t.is(focused, 'code', 'the cursor is where to go on');
      },
      { viewport: POP_UP, initScript: axe.source },
    );
    Object.assign(upstream.fake.person, before);
  },
);

test.serial('My account: linked and removed, and the pages are accessible', async (t) => {
  const { stage, client, upstream } = house;
  become(house, 'owner');
  const second = await stage.upstream(
    { issuer: house.site.origin, client_id: 'our-client' },
    {},
    'Fabrikam',
  );
  stage.fakes.pop();
  house.site.show(upstream.fake);
  await visit(
    t,
    async (page) => {
      await page.goto(authorizeUrl(stage, client, { idp_hint: upstream.id }));
      await goOn(page);
      await at(page, 'The portal');
      await page.goto(`${stage.issuer}/account/identities`);
      t.regex(await mainText(page), /owner@contoso\.example/);
      await page.getByRole('button', { name: /^Remove/ }).click();
      t.regex(await mainText(page), /This is the only way in/);
      await expectAccessible(t, page);
      await page.getByRole('button', { name: 'Link Fabrikam' }).click();
      await at(page, 'The upstream');
      await goOn(page);
      await at(page, 'Link this sign-in?');
      await expectAccessible(t, page);
      await page.getByRole('button', { name: 'Link it' }).click();
      t.regex(await mainText(page), /From now on you can sign in that way/);
      await expectAccessible(t, page);
      await page.getByRole('button', { name: /^Remove.*Contoso/ }).click();
      t.regex(await mainText(page), /You can no longer sign in that way/);
    },
    { initScript: axe.source },
  );
  t.truthy(second);
});

test.serial('an invitation is accepted with a connector', async (t) => {
  become(house, 'invited');
  const { link } = await inviteSomebody(house.stage, { email: 'invited@contoso.example' });
  await visit(
    t,
    async (page) => {
      await page.goto(link);
      await expectAccessible(t, page);
      await page.getByRole('link', { name: 'Continue with Contoso' }).click();
      await goOn(page);
      await at(page, 'My account');
    },
    { initScript: axe.source },
  );
});

test.serial(
  'the first page and the refused one are accessible, their main button on the screen of a pop-up',
  async (t) => {
    await visit(
      t,
      async (page) => {
        await page.goto(authorizeUrl(house.stage, house.client));
        await expectAccessible(t, page);
        await page.setViewportSize(POP_UP);
        for (const _ of ['as it is', 'refused']) {
          const button = page.getByRole('button', { name: 'Continue', exact: true });
          const box = await button.boundingBox();
          t.true(box !== null && box.y + box.height <= POP_UP.height, `${box?.y}`);
          await page.goto(authorizeUrl(house.stage, house.client, { idp_hint: house.upstream.id }));
          await page.getByRole('link', { name: 'Turn back' }).click();
          await page.getByRole('alert').waitFor();
          await expectAccessible(t, page);
          await page.setViewportSize(POP_UP);
        }
      },
      { initScript: axe.source },
    );
  },
);
