// From nothing to a working curl in two commands, in a real browser and on the demo as it starts.
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { mainText, readText, signIn, useBrowser } from '../portal/_browser.ts';
import { useDemo } from '../portal/_demo.ts';
import { developerMachine } from './_command-line.ts';

const demo = useDemo(test, { GATEHOUSE_RATE_LIMITS: 'off' });
const visit = useBrowser(test);
const machine = developerMachine();
test.after.always(() => machine.remove());

test.serial('two commands and a curl', async (t) => {
  const issuer = ['--issuer', demo.file.issuer];
  await visit(t, async (page) => {
    const login = await machine.login(issuer, async (url) => {
      await page.goto(url);
      await signIn(page, demo.account('dev'));
      await page.getByRole('button', { name: 'Allow' }).waitFor();
      t.regex(await mainText(page), /command line/);
      await page.getByRole('button', { name: 'Allow' }).click();
      await page.getByText('You are back.').waitFor();
      t.regex(await readText(page.getByRole('main')), /close this window/);
    });
    t.is(login.code, 0, login.stderr);
    t.regex(login.stdout, /You are signed in/);
  });
  t.is(statSync(machine.credentialsPath).mode & 0o777, 0o600);

  writeFileSync(join(machine.directory, '.env'), 'MINE=kept\n', { mode: 0o644 });
  const options = ['--name', 'Nightly sync', '--product', 'Orders', '--env-file', '.env'];
  const created = await machine.run(['apps', 'create', ...options, ...issuer]);
  t.is(created.code, 0, created.stderr);
  t.notRegex(created.stdout, /gh_sec_/);
  const env = readFileSync(join(machine.directory, '.env'), 'utf8');
  t.regex(env, /^MINE=kept\nGATEHOUSE_ISSUER=\S+\nCLIENT_ID=c_\w+\nCLIENT_SECRET=gh_sec_\S+\n/);
  t.is(statSync(join(machine.directory, '.env')).mode & 0o777, 0o600);

  const line = /Try it:\n\n {2}(.+)\n/.exec(created.stdout)?.[1] ?? '';
  const answer = await machine.shell(line);
  t.is(answer.code, 0, answer.stderr);
  t.like(JSON.parse(answer.stdout), { environment: 'sandbox' }, answer.stdout);

  const again = await machine.run(['apps', 'create', ...options, ...issuer]);
  t.is(again.code, 1);
  t.regex(again.stderr, /\.env has GATEHOUSE_ISSUER, CLIENT_ID.* already/);
  const list = await machine.run(['apps', 'list', '--json', ...issuer]);
  t.is(JSON.parse(list.stdout).length, 1, 'nothing was created in vain');
});
