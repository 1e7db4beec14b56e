// Sign-in by the demo's stand-ins for Microsoft, Google, GitHub and Apple, in a real browser.
import test from 'ava';
import type { Page } from 'playwright-core';
import { readText, useBrowser } from './_browser.ts';
import { useDemo } from './_demo.ts';

const demo = useDemo(test, { GATEHOUSE_RATE_LIMITS: 'off' });
const visit = useBrowser(test);

const FIRST_PAGE = '/apis/orders?item=lamp&quantity=2';

/** From the page where somebody is to the one where they pick who they are. */
async function leaveFor(page: Page, name: string, path = FIRST_PAGE): Promise<void> {
  await page.goto(`${demo.file.portal_url}${path}`);
  await page.getByRole('banner').getByRole('link', { name: 'Sign in' }).click();
  await page.getByRole('link', { name: `${name} (stand-in)` }).click();
  await page.getByText(`Stand-in, not ${name}.`).waitFor();
}

async function backAt(page: Page, path = FIRST_PAGE): Promise<void> {
  await page.waitForURL(`${demo.file.portal_url}${path}`);
}

/** What the server calls the account that is signed in. */
async function readSubject(page: Page): Promise<string> {
  await page.goto(`${demo.file.portal_url}/account`);
  const claims = JSON.parse(await readText(page.locator('pre code'))) as { sub: string };
  return claims.sub;
}

/** The code of the newest mail to an address, as soon as it is in the mailbox. */
async function readCode(page: Page, email: string): Promise<string> {
  for (;;) {
    const answer = await page.request.get(`${demo.file.issuer}/mailbox`, {
      headers: { Accept: 'application/json' },
    });
    const { mails } = (await answer.json()) as { mails: { to: string; text: string }[] };
    const code = /\b\d{6}\b/.exec(mails.find(({ to }) => to === email)?.text ?? '');
    if (code) return code[0];
  }
}

const people = [
  { upstream: 'Microsoft', person: 'Lena Brandt', other: 'Mateo Rivera' },
  { upstream: 'Google', person: 'Priya Nair', other: 'Oskar Lind' },
  { upstream: 'GitHub', person: 'Hana Kim', other: 'Yusuf Demir' },
  { upstream: 'Apple', person: 'Chloe Martin', other: 'Femi Adeyemi' },
];
for (const { upstream, person, other } of people) {
  test.serial(
    `${upstream} leads back to the page one came from, the first and the second time`,
    async (t) => {
      const subjects: string[] = [];
      for (const name of [person, person, other]) {
        await visit(t, async (page) => {
          const shown: string[] = [];
          await leaveFor(page, upstream);
          page.on('domcontentloaded', () => shown.push(new URL(page.url()).origin));
          await page.getByRole('button', { name }).click();
          await backAt(page);
          await page.getByRole('link', { name }).waitFor();
          // Neither consent nor anything else is asked for on the way back.
          t.false(shown.includes(demo.file.issuer), shown.join(' '));
          subjects.push(await readSubject(page));
        });
      }
      t.is(subjects[0], subjects[1], 'the second sign-in finds the account of the first');
      t.not(subjects[0], subjects[2]);
    },
  );

  test.serial(
    `whoever turns back at ${upstream} stands on our sign-in page, with a sentence`,
    async (t) => {
      await visit(t, async (page) => {
        await leaveFor(page, upstream);
        await page.getByRole('button', { name: 'Cancel' }).click();
        await page.getByRole('heading', { name: 'Sign in' }).waitFor();
        t.true(page.url().startsWith(`${demo.file.issuer}/interaction/`));
        t.not(await readText(page.getByRole('main').locator('[role=alert], [role=status]')), '');
        await page.getByRole('link', { name: `${upstream} (stand-in)` }).click();
        await page.getByRole('button', { name: person }).click();
        await backAt(page);
      });
    },
  );
}

test.serial('a guest, whose address nobody vouches for, proves it by a code', async (t) => {
  await visit(t, async (page) => {
    await leaveFor(page, 'Microsoft');
    await page.getByRole('button', { name: 'Mei Tanaka' }).click();
    await page.getByRole('heading', { name: 'Complete your account' }).waitFor();
    t.is(await page.getByLabel('E-mail address').inputValue(), 'mei.tanaka@fabrikam.example');
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByLabel('Code').fill(await readCode(page, 'mei.tanaka@fabrikam.example'));
    await page.getByRole('button', { name: 'Continue' }).click();
    await backAt(page);
    await page.getByRole('link', { name: 'Mei Tanaka' }).waitFor();
  });
  await visit(t, async (page) => {
    await leaveFor(page, 'Microsoft');
    await page.getByRole('button', { name: 'Mei Tanaka' }).click();
    await backAt(page);
  });
});
