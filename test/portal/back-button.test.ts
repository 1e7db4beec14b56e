// What impatient and confused people do to a sign-in: back, reload, double clicks, two tabs at once.
import test, { type ExecutionContext } from 'ava';
import type { Page, Request } from 'playwright-core';
import { authorization, exchange, type Flow } from '../security/_flow.ts';
import { mainText, nextPage, readText, signIn, useBrowser } from './_browser.ts';
import { useDemo } from './_demo.ts';

const demo = useDemo(test, { GATEHOUSE_RATE_LIMITS: 'off' });
const visit = useBrowser(test);

const ENDED = 'This sign-in has ended';

async function openSignIn(page: Page): Promise<void> {
  await page.goto(`${demo.file.portal_url}/signin?return_to=%2Fapis`);
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
}

async function backAtPortal(page: Page): Promise<void> {
  await page.waitForURL(`${demo.file.portal_url}/apis`);
  await page.getByRole('link', { name: 'Noor Haddad' }).waitFor();
}

/** The page says that this sign-in is over and what to do, with a status below 500. */
async function assertEnded(t: ExecutionContext, page: Page): Promise<void> {
  t.is(await readText(page.getByRole('heading')), ENDED);
  t.regex(await mainText(page), /Go back to the application and start again\./);
}

/** True at the application with its answer, false at the page for an ended sign-in. */
async function isThrough(page: Page, app: string): Promise<boolean> {
  await page.waitForFunction(
    ([url = '', ended = '']) =>
      location.href.startsWith(url) || document.querySelector('h1')?.textContent === ended,
    [app, ENDED],
  );
  return page.url().startsWith(app);
}

/** Redeems the code that the browser brought to the client's redirect URI. */
async function redeem(flow: Flow, kind: string, page: Page) {
  const params = new URL(page.url()).searchParams;
  return exchange(demo.target, kind, { ...flow, code: params.get('code') ?? '' });
}

test.serial('back to the sign-in page after a finished sign-in gets a helpful page', async (t) => {
  await visit(t, async (page) => {
    await openSignIn(page);
    const interaction = page.url();
    await signIn(page, demo.account('dev'));
    await backAtPortal(page);
    await page.goBack();
    t.is(page.url(), interaction);
    await assertEnded(t, page);
    await page.goForward();
    await backAtPortal(page);
  });
});

test.serial('back after a mistake shows the form again, and it still works', async (t) => {
  await visit(t, async (page) => {
    await openSignIn(page);
    const mistaken = { ...demo.account('dev'), password: 'not the password' };
    await nextPage(page, () => signIn(page, mistaken));
    await page.goBack();
    await signIn(page, demo.account('dev'));
    await backAtPortal(page);
  });
});

test.serial('reloading a step that is over gets a helpful page, by GET and by POST', async (t) => {
  await visit(t, async (page) => {
    await openSignIn(page);
    const interaction = page.url();
    const requests: Request[] = [];
    page.on('request', (request) => requests.push(request));
    await signIn(page, demo.account('dev'));
    await backAtPortal(page);
    const resume = requests.find((request) => request.url().includes('/authorize/'));
    for (const url of [interaction, resume?.url() ?? '']) {
      const response = await page.goto(url);
      t.is(response?.status(), 400, url);
      await assertEnded(t, page);
      t.is((await page.reload())?.status(), 400);
      await assertEnded(t, page);
    }
    const form = requests.find((request) => request.method() === 'POST');
    const again = await page.request.post(form?.url() ?? '', {
      headers: { ...form?.headers(), accept: 'text/html' },
      data: form?.postData() ?? '',
    });
    t.is(again.status(), 400);
    t.regex(await again.text(), new RegExp(ENDED));
  });
});

test.serial('reloading the sign-in page before it is sent changes nothing', async (t) => {
  await visit(t, async (page) => {
    await openSignIn(page);
    t.is((await page.reload())?.status(), 200);
    await signIn(page, demo.account('dev'));
    await backAtPortal(page);
  });
});

test.serial('a double click on "Sign in" ends well', async (t) => {
  await visit(t, async (page) => {
    await openSignIn(page);
    const { email, password } = demo.account('dev');
    await page.getByLabel('E-mail address').fill(email);
    await page.getByLabel('Password', { exact: true }).fill(password);
    await page.getByRole('button', { name: 'Sign in' }).dblclick();
    if (!(await isThrough(page, demo.file.portal_url))) {
      await assertEnded(t, page);
      await page.goto(`${demo.file.portal_url}/signin?return_to=%2Fapis`);
    }
    await backAtPortal(page);
  });
});

test.serial('a double click on "Allow" ends well', async (t) => {
  await visit(t, async (page) => {
    const flow = authorization(demo.target, 'third-party', { scope: 'openid orders.read' });
    await page.goto(flow.url);
    await signIn(page, demo.account('sam'));
    await page.getByRole('button', { name: 'Allow' }).dblclick();
    if (!(await isThrough(page, flow.redirectUri))) {
      await assertEnded(t, page);
      await page.goto(flow.url);
      await page.waitForURL(`${flow.redirectUri}?**`);
    }
    t.is((await redeem(flow, 'third-party', page)).status, 200);
  });
});

test.serial('the same form sent twice at once signs in once and fails nowhere', async (t) => {
  await visit(t, async (page) => {
    await openSignIn(page);
    const action = await page.locator('form[action$="/sign-in"]').getAttribute('action');
    const csrf = await page.locator('input[name="csrf"]').first().inputValue();
    const { email, password } = demo.account('dev');
    const send = () =>
      page.request.post(`${demo.file.issuer}${action}`, {
        headers: { accept: 'text/html' },
        form: { csrf, email, password },
      });
    const answers = await Promise.all([send(), send(), send()]);
    for (const answer of answers) t.true(answer.status() < 500, `${answer.status()}`);
    await page.goto(`${demo.file.portal_url}/signin?return_to=%2Fapis`);
    await backAtPortal(page);
  });
});

test.serial(
  'two tabs that sign in at once for two clients both get what they came for',
  async (t) => {
    await visit(t, async (first) => {
      const second = await first.context().newPage();
      const flow = authorization(demo.target, 'third-party', { scope: 'openid orders.read' });
      await openSignIn(first);
      await second.goto(flow.url);
      for (const page of [first, second]) {
        const { email, password } = demo.account('dev');
        await page.getByLabel('E-mail address').fill(email);
        await page.getByLabel('Password', { exact: true }).fill(password);
      }
      const press = (page: Page) => page.getByRole('button', { name: 'Sign in' }).click();
      await Promise.all([press(first), press(second)]);

      await backAtPortal(first);
      await second.getByRole('button', { name: 'Allow' }).click();
      await second.waitForURL(`${flow.redirectUri}?**`);
      const answer = await redeem(flow, 'third-party', second);
      t.is(answer.status, 200, answer.text);
    });
  },
);

test.serial(
  'a tab that signs in as somebody else gets that account, and fails nothing',
  async (t) => {
    await visit(t, async (first) => {
      const second = await first.context().newPage();
      const flow = authorization(demo.target, 'third-party', {
        scope: 'openid',
        prompt: 'consent',
      });
      await openSignIn(first);
      await second.goto(flow.url);
      await signIn(first, demo.account('dev'));
      await backAtPortal(first);
      await signIn(second, demo.account('admin'));
      await second.getByRole('button', { name: 'Allow' }).waitFor();
      t.regex(await mainText(second), /Ada Marsh/);
      await second.getByRole('button', { name: 'Allow' }).click();
      await second.waitForURL(`${flow.redirectUri}?**`);
      t.is((await redeem(flow, 'third-party', second)).status, 200);
      await first.reload();
      await backAtPortal(first);
    });
  },
);

test.serial('a second tab of the same client does not end the sign-in of the first', async (t) => {
  await visit(t, async (first) => {
    const second = await first.context().newPage();
    await openSignIn(first);
    await openSignIn(second);
    await signIn(second, demo.account('dev'));
    await backAtPortal(second);
    await signIn(first, demo.account('dev'));
    await backAtPortal(first);
  });
});

test.serial('the form of one tab cannot be sent for the sign-in of another', async (t) => {
  await visit(t, async (first) => {
    const second = await first.context().newPage();
    await openSignIn(first);
    await openSignIn(second);
    const foreign = await second.locator('input[name="csrf"]').first().inputValue();
    await first
      .locator('form[action$="/sign-in"] input[name="csrf"]')
      .evaluate((input, value) => input.setAttribute('value', value), foreign);
    await nextPage(first, () => signIn(first, demo.account('dev')));
    t.regex(await mainText(first), /This form has expired or belongs to another window\./);
    t.true(first.url().startsWith(demo.file.issuer));
  });
});
