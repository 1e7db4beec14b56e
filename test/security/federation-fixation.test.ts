// T-38, T-55: an attacker who begins a sign-in elsewhere gains nothing by a victim who finishes it, nor
// the other way round, even with cookies that a neighbour host planted.
import type { Cookie } from 'tough-cookie';
import { type Agent, createAgent, type Page } from '../_agent.ts';
import type { Gatehouse } from '../_gatehouse.ts';
import { test } from '../_one-at-a-time.ts';
import { visit } from '../accounts/_person.ts';
import { comeBack, goTo } from '../federation/_connector.ts';
import {
  aboutToReturn,
  createProvider,
  ownersOf,
  reasonsOf,
  signedInAs,
  startWith,
  subjectOf,
} from './_federation.ts';

const alpha = createProvider('Alpha');

let gatehouse: Gatehouse;
let attackersAccount: string;
let victimsAccount: string;
test.before(async () => {
  gatehouse = await startWith([alpha]);
  attackersAccount = await settled('attacker');
  victimsAccount = await settled('victim');
});
test.after.always(() => gatehouse?.stop());

/** From now on that is who sits before the upstream. */
function be(sub: string): void {
  Object.assign(alpha.fake.person, { sub, email: `${sub}@example.org` });
}

async function settled(sub: string): Promise<string> {
  be(sub);
  const { agent, callback } = await aboutToReturn(gatehouse, alpha);
  return subjectOf(gatehouse, await comeBack(agent, callback));
}

const pair = () => [createAgent(gatehouse.issuer), createAgent(gatehouse.issuer)] as const;

/** Plants cookies of one browser in another, as a neighbour host could. */
async function toss(from: Agent, to: Agent, page: Page, which: (cookie: Cookie) => boolean) {
  for (const url of [page.url, page.url.replace('/interaction/', '/authorize/'), gatehouse.issuer])
    for (const cookie of (await from.jar.getCookies(url)).filter(which))
      await to.jar.setCookie(cookie, url);
}
// Only these can be planted in production: the others are __Host- cookies.
const hasNarrowPath = ({ path }: Cookie) => path !== '/';

test('T-38 the address at the upstream that an attacker began does not sign the victim in', async (t) => {
  const [attacker, victim] = pair();
  be('victim');
  // The attacker sends the address of the upstream; the victim signs in there and comes back.
  const { callback } = await aboutToReturn(gatehouse, alpha, attacker);
  const page = await comeBack(victim, callback);
  t.is(page.status, 400);
  t.is((await reasonsOf(gatehouse)).at(-1), 'other_browser');
  for (const agent of [attacker, victim]) t.is(await signedInAs(gatehouse, agent), undefined);
});

test('T-38 an attacker who delivers their own callback does not sign the victim in as the attacker', async (t) => {
  const [attacker, victim] = pair();
  be('attacker');
  const { page, callback } = await aboutToReturn(gatehouse, alpha, attacker);
  await toss(attacker, victim, page, hasNarrowPath);
  await comeBack(victim, callback);
  t.is(await signedInAs(gatehouse, victim), undefined);
});

test('T-38 the victim who comes back to a planted interaction leaves the attacker outside', async (t) => {
  const [attacker, victim] = pair();
  be('victim');
  const page = await visit(gatehouse, attacker);
  await toss(attacker, victim, page, hasNarrowPath);
  // The victim's browser is led to the upstream from the attacker's interaction.
  const begun = await victim.request(`${page.url}/federation/alpha`);
  t.is(begun.headers.get('Location'), null, 'a planted interaction leads to the upstream');
  t.is(begun.status, 400);
  const identity = await attacker.get(`${page.url}/identity`);
  t.is(identity.headers.get('Location'), null);
  for (const agent of [attacker, victim]) t.is(await signedInAs(gatehouse, agent), undefined);
});

test('T-38 an identity that waits in one browser is not taken over by another that has its address', async (t) => {
  const [attacker, victim] = pair();
  be('victim');
  const { page, callback } = await aboutToReturn(gatehouse, alpha, victim);
  const answer = await victim.request(callback.url);
  const waiting = new URL(answer.headers.get('Location') ?? '', gatehouse.issuer).href;
  t.regex(waiting, /\/identity$/);
  await toss(victim, attacker, page, hasNarrowPath);
  for (const path of ['', '/profile']) {
    const shown = await attacker.get(waiting + path);
    t.is(shown.status, 400);
    t.notRegex(shown.text, /victim@example\.org/);
  }
  t.is(await signedInAs(gatehouse, attacker), undefined);
  const own = await victim.get(waiting);
  t.is(await subjectOf(gatehouse, own), victimsAccount);
});

test('T-38 the session after a sign-in elsewhere is another than before, and what was planted stays empty', async (t) => {
  const [attacker, victim] = pair();
  be('attacker');
  const first = await aboutToReturn(gatehouse, alpha, attacker);
  await comeBack(attacker, first.callback);
  const sessionIn = async (agent: Agent) =>
    (await agent.jar.getCookies(gatehouse.issuer)).find(({ key }) =>
      key.endsWith('gatehouse_session'),
    )?.value;
  const planted = await sessionIn(attacker);
  await toss(attacker, victim, first.page, ({ key }) => key.includes('gatehouse_session'));
  be('victim');
  const page = await visit(gatehouse, victim, { prompt: 'select_account' });
  const another = await victim.get(`${page.url}?account=another`);
  const ended = await comeBack(victim, await goTo(victim, another, 'Alpha', alpha.fake));
  const done = await victim.submit(ended, 'Continue');
  t.is(await subjectOf(gatehouse, done), victimsAccount);
  t.not(await sessionIn(victim), planted);
  t.not(
    await signedInAs(gatehouse, attacker),
    victimsAccount,
    'the attacker holds the session of the victim',
  );
});

test('T-38 nothing of all this gave one person the identity of the other', async (t) => {
  t.deepEqual(await ownersOf(gatehouse), { attacker: attackersAccount, victim: victimsAccount });
});
