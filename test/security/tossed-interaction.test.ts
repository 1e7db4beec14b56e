// T-38, T-55: the two cookies of an interaction have a narrow path, so they cannot carry __Host-: a
// neighbour host (evil.example.com beside auth.example.com) can plant the attacker's own, signed ones.
import test from 'ava';
import { type Agent, createAgent, type Page } from '../_agent.ts';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { authorization } from './_flow.ts';

let gatehouse: Gatehouse;
test.before(async () => {
  gatehouse = await startGatehouse();
});
test.after.always(() => gatehouse?.stop());

/** Plants the attacker's cookies of an interaction in another browser, as a neighbour host could. */
async function toss(page: Page, from: Agent, to: Agent): Promise<string> {
  const resume = page.url.replace('/interaction/', '/authorize/');
  for (const url of [page.url, resume]) {
    const cookies = await from.jar.getCookies(url);
    for (const cookie of cookies.filter(({ path }) => path !== '/'))
      await to.jar.setCookie(cookie, url);
  }
  return resume;
}

const signIn = (agent: Agent, page: Page, person: number) => {
  const { email = '', password = '' } = gatehouse.accounts[person] ?? {};
  const csrf = page.html.querySelector('input[name=csrf]')?.getAttribute('value') ?? '';
  const body = new URLSearchParams({ csrf, email, password });
  return agent.request(`${page.url}/sign-in`, { method: 'POST', body });
};

const codeIn = (answer: Response) => {
  const location = answer.headers.get('Location');
  return location ? new URL(location, gatehouse.issuer).searchParams.get('code') : null;
};

test('T-38 nobody is signed in as the attacker by the attacker’s planted interaction', async (t) => {
  const attacker = createAgent(gatehouse.issuer);
  const victim = createAgent(gatehouse.issuer);
  const page = await attacker.get(authorization(gatehouse, 'web').url);
  t.is((await signIn(attacker, page, 2)).status, 303);
  const resume = await toss(page, attacker, victim);
  const answer = await victim.request(resume);
  t.is(codeIn(answer), null);
  const none = await victim.request(authorization(gatehouse, 'web', { prompt: 'none' }).url);
  t.is(codeIn(none), null, 'the victim has a session of the attacker');
});

test('T-38 the attacker cannot take over what the victim typed into a planted interaction', async (t) => {
  const attacker = createAgent(gatehouse.issuer);
  const victim = createAgent(gatehouse.issuer);
  const page = await attacker.get(authorization(gatehouse, 'web').url);
  const resume = await toss(page, attacker, victim);
  const shown = await victim.get(page.url);
  if (shown.status === 200) await signIn(victim, shown, 1);
  // Faster than the victim's browser follows the redirect.
  const answer = await attacker.request(resume);
  t.is(codeIn(answer), null);
  const none = await attacker.request(authorization(gatehouse, 'web', { prompt: 'none' }).url);
  t.is(codeIn(none), null, 'the attacker has a session of the victim');
});

test('T-38 the resume cookie of one interaction is worth nothing at the path of another', async (t) => {
  const attacker = createAgent(gatehouse.issuer);
  const victim = createAgent(gatehouse.issuer);
  const theirs = await attacker.get(authorization(gatehouse, 'web').url);
  t.is((await signIn(attacker, theirs, 2)).status, 303);
  const own = await victim.get(authorization(gatehouse, 'web').url);
  const resume = (page: Page) => page.url.replace('/interaction/', '/authorize/');
  const planted = await attacker.jar.getCookies(resume(theirs));
  const resumeCookies = planted.filter(({ key }) => key.startsWith('gatehouse_resume'));
  t.is(resumeCookies.length, 2);
  const kept = await victim.jar.getCookies(resume(own));
  // The victim's own resume cookie is gone: pushed out by a flood of cookies from the neighbour.
  const bound = kept.filter(({ key }) => !key.startsWith('gatehouse_resume'));
  const Cookie = [...bound, ...resumeCookies].map((cookie) => cookie.cookieString()).join('; ');
  const answer = await fetch(resume(own), { redirect: 'manual', headers: { Cookie } });
  t.is(codeIn(answer), null);
  t.is(answer.status, 400);
});
