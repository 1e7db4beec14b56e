// The first minutes of a developer who knows nothing: sign up, create a sandbox application, paste the
// lines of the page into a shell, and the API answers. Then the same in a language, from the page of code.
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import type { Page } from 'playwright-core';
import { developerMachine } from '../developer-api/_command-line.ts';
import { mainText, nextPage, POP_UP, signIn, useBrowser } from './_browser.ts';
import { useDemo } from './_demo.ts';

const demo = useDemo(test, { GATEHOUSE_RATE_LIMITS: 'off' });
const visit = useBrowser(test);
const directory = mkdtempSync(join(tmpdir(), 'gatehouse-newcomer-'));
test.after.always(() => rmSync(directory, { recursive: true, force: true }));

/** Pastes lines into a shell that has nothing of ours. */
async function paste(lines: string): Promise<string> {
  const env = { PATH: process.env['PATH'] ?? '', HOME: directory };
  const { stdout } = await promisify(execFile)('bash', ['-c', lines], { cwd: directory, env });
  return stdout;
}

/** Confirms the address by the newest mail of the demo's mailbox. */
async function confirm(page: Page, email: string): Promise<void> {
  const mailbox = await page.context().newPage();
  await mailbox.goto(`${demo.file.issuer}/mailbox`);
  // The mail is on its way.
  while ((await mailbox.getByText(email).count()) === 0) await mailbox.reload();
  await mailbox
    .getByRole('link', { name: /Confirm/ })
    .first()
    .click();
  const link = /https?:\S+/.exec(await mainText(mailbox))?.[0] ?? '';
  await mailbox.close();
  await page.goto(link);
  await nextPage(page, () => page.getByRole('button', { name: 'Confirm' }).click());
}

async function signUp(page: Page, email: string): Promise<void> {
  await page.goto(`${demo.file.issuer}/sign-up`);
  await page.getByLabel('E-mail address').fill(email);
  await page.getByLabel('Given name').fill('Mio');
  await page.getByLabel('Family name').fill('Newcomer');
  await page.getByLabel('Password', { exact: true }).fill('seven quiet otters swim');
  await page.getByRole('button', { name: 'Check without a picture' }).click();
  await page.getByText('Done').waitFor();
  await nextPage(page, () => page.locator('button[name=sign_up]').click());
  await confirm(page, email);
}

const follow = (page: Page, name: string) =>
  nextPage(page, () => page.getByRole('link', { name, exact: true }).first().click());

for (const [index, viewport] of [undefined, POP_UP].entries()) {
  test.serial(
    `from nothing to an answer of the API, ${viewport ? 'in a small window' : 'on a desk'}`,
    async (t) => {
      await visit(
        t,
        async (page) => {
          await signUp(page, `newcomer-${index}@example.com`);
          await follow(page, 'My applications');
          await follow(page, 'Create an application');
          await page.getByLabel('Machine').check();
          await page.getByLabel('Name', { exact: true }).fill(`Nightly sync ${index}`);
          await page.getByLabel('Orders').first().check();
          await nextPage(page, () =>
            page.getByRole('button', { name: 'Create an application' }).click(),
          );

          const [shown] = await page.locator('pre.commands').allTextContents();
          t.regex(await paste(shown ?? ''), /"environment":"sandbox"/);

          const [download] = await Promise.all([
            page.waitForEvent('download'),
            page.getByRole('link', { name: 'Download as .env file' }).click(),
          ]);
          await download.saveAs(join(directory, download.suggestedFilename()));
          await follow(page, 'Go to the application');
          await follow(page, 'Code');
          const [code, run] = await page.locator('pre.commands').allTextContents();
          writeFileSync(join(directory, 'client.sh'), code ?? '');
          t.regex(await paste(run ?? ''), /"environment":"sandbox"/);
        },
        viewport && { viewport },
      );
    },
  );
}

test.serial('the two commands of the README lead to a line that calls the API', async (t) => {
  const readme = readFileSync('README.md', 'utf8');
  const block = /^```sh developer\n(.*?)^```/ms.exec(readme)?.[1]?.trim().split('\n') ?? [];
  const [login, create] = block.map((line) => line.replace(/^npx gatehouse /, ''));
  const machine = developerMachine();
  t.is(login, 'login');
  await visit(t, async (page) => {
    const signedIn = await machine.login(['--issuer', demo.file.issuer], async (url) => {
      await page.goto(url);
      await nextPage(page, () => signIn(page, demo.account('dev')));
      await nextPage(page, () => page.getByRole('button', { name: 'Allow' }).click());
    });
    t.is(signedIn.code, 0, signedIn.stderr);
  });
  const args = (create ?? '').match(/"[^"]*"|\S+/g)?.map((word) => word.replaceAll('"', '')) ?? [];
  const created = await machine.run([...args, '--issuer', demo.file.issuer]);
  t.is(created.code, 0, created.stderr);
  const line = /Try it:\s+(.+)\n/.exec(created.stdout)?.[1] ?? '';
  const called = await machine.shell(line);
  t.regex(called.stdout, /"environment":"sandbox"/, line + called.stderr);
  machine.remove();
});
