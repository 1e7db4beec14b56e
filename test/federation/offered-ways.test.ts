// What a client offers its people: some connectors, passwords or none; with one way in, straight to it.
import test from 'ava';
import { createAgent, type Page } from '../_agent.ts';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { eventually } from '../_protocol.ts';
import { mainText, signUp, visit } from '../accounts/_person.ts';
import { environmentOf, run } from '../cli/_cli.ts';
import { addConnector } from './_connector.ts';
import { OUR_CLIENT } from './upstreams/_every-kind.ts';
import { createOidc } from './upstreams/_oidc.ts';

let gatehouse: Gatehouse;

test.before(async () => {
  gatehouse = await startGatehouse({}, [createOidc()]);
  for (const id of ['contoso', 'fabrikam'])
    await addConnector(gatehouse, {
      ...{ id, kind: 'oidc', name: `Company ${id}` },
      settings: { ...OUR_CLIENT, issuer: 'https://login.example.org' },
    });
});
test.after.always(() => gatehouse?.stop());

/** Says it on the command line, and waits until the server shows it. */
async function offer(options: string[], isShown: (page: Page) => boolean): Promise<void> {
  const env = environmentOf(gatehouse.config);
  const done = await run(
    ['clients', 'sign-in', gatehouse.client('web').client_id, ...options],
    env,
  );
  if (done.code !== 0) throw new Error(done.stderr);
  await eventually(() => visit(gatehouse, createAgent(gatehouse.issuer)), isShown);
}

const leads = (page: Page) => page.status === 303;
const shows = (text: RegExp) => (page: Page) => text.test(mainText(page));

test.serial('what nobody could sign in with is refused', async (t) => {
  const env = environmentOf(gatehouse.config);
  const id = gatehouse.client('web').client_id;
  const none = await run(['clients', 'sign-in', id, '--without-connectors', '--no-passwords'], env);
  t.is(none.stderr, 'Without connectors and passwords nobody could sign in.\n');
  const unknown = await run(['clients', 'sign-in', id, '--connector', 'nowhere'], env);
  t.is(unknown.stderr, 'There is no connector nowhere. The connectors: contoso, fabrikam.\n');
});

test.serial('a client offers only its connectors, and another one is refused', async (t) => {
  await offer(['--connector', 'contoso'], (page) => !shows(/Company fabrikam/)(page));
  const agent = createAgent(gatehouse.issuer);
  const page = await visit(gatehouse, agent);
  t.regex(mainText(page), /Company contoso/);
  t.notRegex(mainText(page), /Company fabrikam/);
  const other = await agent.get(`${new URL(page.url).href}/federation/fabrikam`);
  t.regex(mainText(other), /may not be used here/);
});

test.serial(
  'with exactly one connector and no password people go straight to it, once',
  async (t) => {
    await offer(['--connector', 'contoso', '--no-passwords'], leads);
    const agent = createAgent(gatehouse.issuer);
    const away = await visit(gatehouse, agent);
    t.is(away.status, 303);
    const url = new URL(away.headers.get('Location') ?? '');
    t.is(url.origin, 'https://login.example.org');
    const state = url.searchParams.get('state') ?? '';
    const turnedBack = `${gatehouse.issuer}/federation/contoso/callback?error=access_denied&state=${state}`;
    const page = await agent.get(turnedBack);
    t.is(page.status, 200);
    t.regex(mainText(page), /You did not finish signing in with Company contoso/);
    t.is(page.html.querySelector('#password'), null);
  },
);

test.serial(
  'without passwords neither signing in nor signing up works by a direct request',
  async (t) => {
    await offer([], shows(/Forgot your password/));
    const agent = createAgent(gatehouse.issuer);
    const page = await visit(gatehouse, agent);
    await offer(['--no-passwords'], (shown) => !shows(/Forgot your password/)(shown));
    const signedIn = await agent.submit(page, 'Sign in', { email: 'a@example.com', password: 'x' });
    t.is(signedIn.status, 403);
    t.regex(mainText(signedIn), /password is switched off/);
    const signUpPage = await agent.get(`${new URL(page.url).href}/sign-up`);
    t.is(signUpPage.status, 403);
    await offer([], shows(/Forgot your password/));
    t.is((await signUp(gatehouse, createAgent(gatehouse.issuer), 'b@example.com')).status, 200);
  },
);
