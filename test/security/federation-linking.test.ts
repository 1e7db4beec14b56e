// T-36: nobody gives an account one more way in but its owner, in the session that asked for it; nobody
// takes the last one away.
import { type Agent, createAgent, type Page } from '../_agent.ts';
import type { Gatehouse } from '../_gatehouse.ts';
import { test } from '../_one-at-a-time.ts';
import { ageSession } from '../_protocol.ts';
import { openMyAccount } from '../accounts/_my-account.ts';
import { createConfirmed, mainText, newestMail, PASSWORD } from '../accounts/_person.ts';
import { comeBack } from '../federation/_connector.ts';
import type { Callback } from '../federation/upstreams/_fake.ts';
import {
  arrive,
  createProvider,
  eventsOf,
  ownersOf,
  reasonsOf,
  signedInAs,
  startWith,
  subjectOf,
} from './_federation.ts';

const alpha = createProvider('Alpha');
const beta = createProvider('Beta');

let gatehouse: Gatehouse;
let people = 0;
test.before(async () => {
  gatehouse = await startWith([alpha, beta]);
});
test.after.always(() => gatehouse?.stop());

const at = (path: string) => `${gatehouse.issuer}/account/identities${path}`;

interface Person {
  id: string;
  email: string;
  agent: Agent;
  /** Their page of sign-in methods. */
  page: Page;
}

/** Somebody with a password who is signed in at My account. */
async function somebody(): Promise<Person> {
  people += 1;
  const email = `person-${people}@example.com`;
  await createConfirmed(gatehouse, email);
  const { agent, page } = await openMyAccount(
    gatehouse,
    { email, password: PASSWORD },
    '/account/identities',
  );
  const { id } = await gatehouse.db.knex('accounts').where({ email }).first('id');
  return { id, email, agent, page };
}

const csrfOf = (page: Page) =>
  page.html.querySelector('input[name=csrf]')?.getAttribute('value') ?? '';

/** Begins a link, and goes to the upstream as `sub`. */
async function begin(
  { agent, page }: Pick<Person, 'agent' | 'page'>,
  sub: string,
): Promise<Callback> {
  Object.assign(alpha.fake.person, { sub, email: `${sub}@example.org` });
  const body = { csrf: csrfOf(page), connector: 'alpha' };
  const answer = await agent.request(at('/link'), {
    method: 'POST',
    body: new URLSearchParams(body),
  });
  const href = /href="(https:\/\/alpha[^"]+)"/.exec(await answer.text())?.[1] ?? '';
  return alpha.fake.authorize(new URL(href.replaceAll('&amp;', '&')));
}

test('a link is made when its owner began it and confirmed it, and the mailbox hears of it', async (t) => {
  const owner = await somebody();
  const page = await comeBack(owner.agent, await begin(owner, 'honest'));
  t.regex(mainText(page), /honest@example\.org/);
  t.false('honest' in (await ownersOf(gatehouse)), 'linked before it was confirmed');
  await owner.agent.submit(page, 'Link it');
  t.is((await ownersOf(gatehouse))['honest'], owner.id);
  t.true((await eventsOf(gatehouse, owner.id)).includes('identity.linked'));
  await newestMail(gatehouse, owner.email, 'identity-linked');
});

test('T-36 a page of another site begins and confirms nothing', async (t) => {
  const victim = await somebody();
  const page = await comeBack(victim.agent, await begin(victim, 'csrf'));
  const forms = [
    ['/link', { connector: 'alpha' }],
    ['/confirm', {}],
    ['/unlink', { identity: 'idn_x' }],
  ] as const;
  const foreign = { Origin: 'https://evil.test', 'Sec-Fetch-Site': 'cross-site' };
  for (const [path, fields] of forms) {
    for (const [headers, csrf] of [
      [foreign, csrfOf(page)],
      [{ 'Sec-Fetch-Site': 'same-site' }, csrfOf(page)],
      [{ Origin: 'null' }, csrfOf(page)],
      [{}, ''],
      [{}, csrfOf((await somebody()).page)],
    ] as [Record<string, string>, string][]) {
      const body = new URLSearchParams({ ...fields, csrf });
      const answer = await victim.agent.request(at(path), { method: 'POST', headers, body });
      t.is(answer.status, 403, `${path} ${JSON.stringify(headers)}`);
    }
    const url = `${at(path)}?${new URLSearchParams({ ...fields, csrf: csrfOf(page) })}`;
    await victim.agent.request(url);
  }
  t.false('csrf' in (await ownersOf(gatehouse)));
});

test('T-36 a link that the attacker began ends in no other session, whoever opens it', async (t) => {
  const [attacker, victim] = [await somebody(), await somebody()];
  const callback = await begin(attacker, 'mallory');
  t.is((await comeBack(victim.agent, callback)).status, 400);
  t.is((await reasonsOf(gatehouse)).at(-1), 'other_browser');
  const shown = await victim.agent.get(at('/confirm'));
  t.notRegex(shown.text, /mallory/);
  const body = new URLSearchParams({ csrf: csrfOf(victim.page) });
  await victim.agent.request(at('/confirm'), { method: 'POST', body });
  t.false('mallory' in (await ownersOf(gatehouse)));
});

test('T-36 a browser where somebody else signed in meanwhile gets no link of the person before', async (t) => {
  const [first, second] = [await somebody(), await somebody()];
  const callback = await begin(first, 'swapped');
  const out = await first.agent.get(`${gatehouse.issuer}/logout`);
  await first.agent.submit(out, 'Sign out');
  const again = await first.agent.get(at(''));
  const page = await first.agent.submit(again, 'Sign in', {
    email: second.email,
    password: PASSWORD,
  });
  t.is(await signedInAs(gatehouse, first.agent), second.id, mainText(page));
  const back = await comeBack(first.agent, callback);
  t.regex(mainText(back), /That was another account/);
  t.is((await reasonsOf(gatehouse)).at(-1), 'wrong_account');
  t.notRegex((await first.agent.get(at('/confirm'))).text, /swapped@/);
});

test('T-36 what waits for its owner to confirm is not confirmed by the next person in this browser', async (t) => {
  const [first, second] = [await somebody(), await somebody()];
  const waiting = await comeBack(first.agent, await begin(first, 'waiting'));
  t.regex(mainText(waiting), /waiting@example\.org/);
  const out = await first.agent.get(`${gatehouse.issuer}/logout`);
  await first.agent.submit(out, 'Sign out');
  const again = await first.agent.get(at(''));
  await first.agent.submit(again, 'Sign in', { email: second.email, password: PASSWORD });
  for (const browser of [first.agent, second.agent]) {
    const page = await browser.get(at('/confirm'));
    t.notRegex(page.text, /waiting@/);
    const body = new URLSearchParams({ csrf: csrfOf(page) });
    await browser.request(at('/confirm'), { method: 'POST', body });
  }
  t.false('waiting' in (await ownersOf(gatehouse)));
});

test('T-36 a session that somebody left open is not enough: the password is asked for, and tried slowly', async (t) => {
  const owner = await somebody();
  await ageSession(gatehouse, owner.agent, 3600);
  const page = await owner.agent.get(at(''));
  const link = (current: string) => {
    const body = new URLSearchParams({ csrf: csrfOf(page), connector: 'alpha', current });
    return owner.agent.request(at('/link'), { method: 'POST', body });
  };
  for (const wrong of ['', 'a guess of some kind']) {
    const answer = await link(wrong);
    t.is(answer.status, 400);
    t.notRegex(await answer.text(), /alpha\.example\.org\/authorize/);
  }
  t.regex(await (await link(PASSWORD)).text(), /alpha\.example\.org\/authorize/);
});

test('an identity that is another account’s is not given to this one', async (t) => {
  const [owner, thief] = [await somebody(), await somebody()];
  await owner.agent.submit(await comeBack(owner.agent, await begin(owner, 'taken')), 'Link it');
  const page = await comeBack(thief.agent, await begin(thief, 'taken'));
  const refused = await thief.agent.submit(page, 'Link it');
  t.is(refused.status, 400);
  t.regex(mainText(refused), /belongs to another account/);
  t.notRegex(refused.text, new RegExp(owner.email));
  t.is((await ownersOf(gatehouse))['taken'], owner.id);
  t.is((await reasonsOf(gatehouse)).at(-1), 'identity_taken');
});

test('a link is confirmed once, and its address leads nowhere afterwards', async (t) => {
  const owner = await somebody();
  const page = await comeBack(owner.agent, await begin(owner, 'once'));
  const csrf = csrfOf(page);
  const post = () =>
    owner.agent.request(at('/confirm'), { method: 'POST', body: new URLSearchParams({ csrf }) });
  await Promise.all([post(), post(), post()]);
  const linked = (await eventsOf(gatehouse, owner.id)).filter((type) => type === 'identity.linked');
  t.is(linked.length, 1);
  t.is(new URL((await owner.agent.get(at('/confirm'))).url).pathname, '/account/identities');
});

/** Somebody without a password, with these identities. */
async function federated(subs: string[]): Promise<Person & { identities: string[] }> {
  const agent = createAgent(gatehouse.issuer);
  const [sub = ''] = subs;
  Object.assign(beta.fake.person, { sub, email: `${sub}@example.net` });
  const id = await subjectOf(gatehouse, await arrive(gatehouse, beta, agent));
  for (const more of subs.slice(1)) {
    const page = await agent.get(at(''));
    await agent.submit(await comeBack(agent, await begin({ agent, page }, more)), 'Link it');
  }
  const identities = await gatehouse.db.knex('identities').where({ account_id: id }).pluck('id');
  return { id, email: `${sub}@example.net`, agent, page: await agent.get(at('')), identities };
}

const unlink = ({ agent, page }: Person, identity: string) => {
  const body = new URLSearchParams({ csrf: csrfOf(page), identity });
  return agent.request(at('/unlink'), { method: 'POST', body });
};

test('the last way in stays, in two windows at once as well', async (t) => {
  const person = await federated(['last-1', 'last-2']);
  t.is(person.identities.length, 2);
  const answers = await Promise.all(person.identities.map((identity) => unlink(person, identity)));
  t.deepEqual(answers.map(({ status }) => status).sort(), [303, 409]);
  const left = await gatehouse.db.knex('identities').where({ account_id: person.id }).pluck('id');
  t.is(left.length, 1);
  const body = new URLSearchParams({ csrf: csrfOf(person.page), identity: left[0] ?? '' });
  // Its own session may have ended with the identity that began it.
  t.not((await person.agent.request(at('/unlink'), { method: 'POST', body })).status, 200);
  t.is((await gatehouse.db.knex('identities').where({ account_id: person.id })).length, 1);
});

test('an identity of somebody else is not unlinked, and not found either', async (t) => {
  const [owner, thief] = [
    await federated(['mine-1', 'mine-2']),
    await federated(['thief-1', 'thief-2']),
  ];
  for (const identity of [...owner.identities, 'idn_000000000000000000000000', '', '%00']) {
    const answer = await unlink(thief, identity);
    t.is(answer.status, 404, identity);
  }
  t.is((await gatehouse.db.knex('identities').where({ account_id: owner.id })).length, 2);
});

test('what was unlinked lets nobody in any more, nor the session that it began', async (t) => {
  const person = await federated(['gone-1', 'gone-2']);
  const second = createAgent(gatehouse.issuer);
  Object.assign(alpha.fake.person, { sub: 'gone-2', email: 'unknown@example.net' });
  t.is(await subjectOf(gatehouse, await arrive(gatehouse, alpha, second)), person.id);
  const { id } = await gatehouse.db.knex('identities').where({ subject: 'gone-2' }).first('id');
  t.is((await unlink(person, id)).status, 303);
  t.is(await signedInAs(gatehouse, second), undefined);
  const stranger = createAgent(gatehouse.issuer);
  const page = await arrive(gatehouse, alpha, stranger);
  t.not(await subjectOf(gatehouse, page).catch(() => undefined), person.id);
});
