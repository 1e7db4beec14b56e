// The newcomer's tour: the example portal and its sign-in, in a real browser.
import test from 'ava';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { mainText, nextPage, readText, signIn, useBrowser } from './_browser.ts';
import { useDemo } from './_demo.ts';

const demo = useDemo(test, { GATEHOUSE_RATE_LIMITS: 'off' });
const visit = useBrowser(test);

const PEOPLE = { admin: 'Ada Marsh', dev: 'Noor Haddad', sam: 'Sam Okafor' };

async function openPortal(page: Page, path = '/'): Promise<void> {
  await page.goto(`${demo.file.portal_url}${path}`);
}

/** Presses "Sign in" in the portal's masthead. */
async function askToSignIn(page: Page): Promise<void> {
  await page.getByRole('banner').getByRole('link', { name: 'Sign in' }).click();
}

/** Waits until the page is at this address of the portal. */
async function backAt(page: Page, path: string): Promise<void> {
  await page.waitForURL(`${demo.file.portal_url}${path}`);
}

async function signInAtPortal(page: Page, name: keyof typeof PEOPLE, path = '/'): Promise<void> {
  await openPortal(page, path);
  await askToSignIn(page);
  await signIn(page, demo.account(name));
  await backAt(page, path);
}

/** Whoever the portal's masthead says is signed in. */
function signedInAs(page: Page, name: keyof typeof PEOPLE): Promise<boolean> {
  return page
    .getByRole('link', { name: PEOPLE[name] })
    .waitFor()
    .then(() => true);
}

async function signOut(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('heading', { name: 'Sign out?' }).waitFor();
}

/** True when the server's own sign-in page is shown. */
async function isAsked(page: Page): Promise<boolean> {
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  return page.url().startsWith(`${demo.file.issuer}/interaction/`);
}

const browsers: { how: string; options: BrowserContextOptions }[] = [
  { how: 'with JavaScript', options: {} },
  { how: 'without JavaScript', options: { javaScriptEnabled: false } },
];
for (const { how, options } of browsers) {
  test.serial(
    `a newcomer finds the API, signs in for its console and out again, ${how}`,
    async (t) => {
      await visit(
        t,
        async (page) => {
          await openPortal(page);
          await page.getByRole('link', { name: 'APIs', exact: true }).click();
          await page.getByRole('main').getByRole('link', { name: 'Orders' }).click();
          t.regex(await mainText(page), /GET \/orders/i, 'the reference is open to everybody');
          await page.getByRole('link', { name: 'Sign in to use the console' }).click();

          t.true(await isAsked(page));
          t.regex(await mainText(page), /to continue to Contoso developer portal/);
          await signIn(page, demo.account('dev'));
          await backAt(page, '/apis/orders#console');
          t.true(await signedInAs(page, 'dev'));
          t.is(await page.getByRole('button', { name: 'Get a token' }).count(), 1);

          await signOut(page);
          t.true(page.url().startsWith(`${demo.file.issuer}/logout?`));
          t.regex(await mainText(page), /Contoso developer portal asks to sign you out/);
          t.regex(await mainText(page), /Noor Haddad dev@example\.com/);
          await page.getByRole('button', { name: 'Sign out' }).click();
          await backAt(page, '/');
          await askToSignIn(page);
          t.true(await isAsked(page), 'signing out at the portal signs out at the server');
        },
        options,
      );
    },
  );
}

test.serial('signing out ends the session at the server, not only its cookie', async (t) => {
  await visit(t, async (page) => {
    await signInAtPortal(page, 'dev');
    const cookies = await page.context().cookies(demo.file.issuer);
    await signOut(page);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await backAt(page, '/');
    await page.context().addCookies(cookies);
    await askToSignIn(page);
    t.true(await isAsked(page));
  });
});

test.serial(
  'whoever stays signed in at the server is signed out of the portal alone',
  async (t) => {
    await visit(t, async (page) => {
      await signInAtPortal(page, 'dev');
      await signOut(page);
      await page.getByRole('button', { name: 'Stay signed in' }).click();
      await backAt(page, '/');
      await askToSignIn(page);
      t.true(await signedInAs(page, 'dev'), 'nobody is asked again');
    });
  },
);

test.serial(
  'while the session at the server lives, the portal signs in without a page',
  async (t) => {
    await visit(t, async (page) => {
      await signInAtPortal(page, 'dev');
      await page.context().clearCookies({ name: /^contoso_portal/ });
      const shown: string[] = [];
      page.on('domcontentloaded', () => shown.push(page.url()));
      await openPortal(page, '/apis');
      await askToSignIn(page);
      await page.getByRole('button', { name: 'Sign out' }).waitFor();
      await page.waitForLoadState();
      t.deepEqual(shown, [`${demo.file.portal_url}/apis`, `${demo.file.portal_url}/apis`]);
      t.true(await signedInAs(page, 'dev'));
    });
  },
);

test.serial(
  'a wrong password is said in a sentence, and the right one still leads back',
  async (t) => {
    await visit(t, async (page) => {
      await openPortal(page, '/apis/orders?from=mail');
      await askToSignIn(page);
      for (const email of ['dev@example.com', 'nobody@example.com']) {
        const mistaken = { ...demo.account('dev'), email, password: 'not the password' };
        await nextPage(page, () => signIn(page, mistaken));
        const said = await readText(page.getByRole('alert'));
        t.is(said, 'The e-mail address or the password is not right.', email);
        t.is(await page.getByLabel('E-mail address').inputValue(), email);
        t.is(await page.getByLabel('Password', { exact: true }).inputValue(), '');
      }
      await signIn(page, demo.account('dev'));
      await backAt(page, '/apis/orders?from=mail');
      t.true(await signedInAs(page, 'dev'));
    });
  },
);

test.serial('whoever cancels finds a friendly page of the portal, and can try again', async (t) => {
  await visit(t, async (page) => {
    await openPortal(page, '/apis');
    await askToSignIn(page);
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('heading', { name: 'You were not signed in' }).waitFor();
    t.true(page.url().startsWith(`${demo.file.portal_url}/callback?`));
    t.regex(await mainText(page), /cancelled/);
    await page.getByRole('link', { name: 'Try again' }).click();
    await signIn(page, demo.account('sam'));
    await backAt(page, '/apis');
    t.true(await signedInAs(page, 'sam'));
  });
});

test.serial(
  'an administrator can send anonymous visitors to sign-in, nobody else can',
  async (t) => {
    const box = (page: Page) => page.getByRole('checkbox', { name: 'Redirect anonymous visitors' });
    const save = async (page: Page) => {
      await page.getByRole('button', { name: 'Save' }).click();
      await page.getByText('Saved.').waitFor();
    };
    await visit(t, async (admin) => {
      await signInAtPortal(admin, 'admin', '/settings');
      await box(admin).check();
      await save(admin);
      await visit(t, async (page) => {
        await openPortal(page, '/apis/orders?item=lamp&quantity=2');
        t.true(await isAsked(page));
        await signIn(page, demo.account('dev'));
        await backAt(page, '/apis/orders?item=lamp&quantity=2');
        await openPortal(page, '/settings');
        t.true(await box(page).isDisabled());
        t.true(await box(page).isChecked());
      });
      await box(admin).uncheck();
      await save(admin);
    });
    await visit(t, async (page) => {
      await openPortal(page);
      t.regex(await mainText(page), /Orders in, parcels out/);
    });
  },
);

test.serial('signing in and out needs no mouse', async (t) => {
  const focused = (page: Page) =>
    page.evaluate(() => {
      const element = document.activeElement;
      return element ? element.textContent.trim() || element.id : '';
    });
  const tabTo = async (page: Page, name: string) => {
    const passed: string[] = [];
    do {
      await page.keyboard.press('Tab');
      passed.push(await focused(page));
    } while (passed.at(-1) !== name && passed.length < 30);
    t.is(passed.at(-1), name, passed.join(', '));
  };
  await visit(t, async (page) => {
    const { email, password } = demo.account('dev');
    await openPortal(page, '/apis');
    await tabTo(page, 'Sign in');
    await page.keyboard.press('Enter');
    t.true(await isAsked(page));
    t.is(await focused(page), 'email', 'the cursor is where typing begins');
    await page.keyboard.type(email);
    await tabTo(page, 'password');
    await page.keyboard.type(password);
    await tabTo(page, 'Sign in');
    await page.keyboard.press('Enter');
    await backAt(page, '/apis');

    await tabTo(page, 'Sign out');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Sign out?' }).waitFor();
    await tabTo(page, 'Sign out');
    await page.keyboard.press('Space');
    await backAt(page, '/');
    t.is(await page.getByRole('button', { name: 'Sign out' }).count(), 0);
  });
});
