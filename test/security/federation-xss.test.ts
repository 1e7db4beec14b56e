// T-48: what an upstream, its people or whoever configures it writes is text on every page of ours.

import { type Agent, createAgent, type Page } from '../_agent.ts';
import type { Gatehouse } from '../_gatehouse.ts';
import { test } from '../_one-at-a-time.ts';
import { openMyAccount } from '../accounts/_my-account.ts';
import { createConfirmed, mainText, newestMail, PASSWORD } from '../accounts/_person.ts';
import { comeBack } from '../federation/_connector.ts';
import {
  aboutToReturn,
  arrive,
  callbackUrl,
  connect,
  createProvider,
  reasonsOf,
  signedInAs,
  startWith,
} from './_federation.ts';
import { injectedMarkup } from './_injected-markup.ts';
import { POLYGLOTS } from './_polyglots.ts';

const alpha = createProvider('Alpha');
const careless = createProvider('Careless');
/** Named in hostile words. */
const name = `${POLYGLOTS[1]} ${POLYGLOTS[8]} ${POLYGLOTS[16]}`.replaceAll('alert(1)', 'alert(2)');
const hostile = { ...createProvider('Hostile'), name };
const scheming = createProvider(
  'Scheming',
  {},
  { authorization_endpoint: 'javascript:alert(1)//' },
);
const data = createProvider(
  'Data',
  {},
  { authorization_endpoint: 'data:text/html,<script>alert(1)</script>' },
);

let gatehouse: Gatehouse;
test.before(async () => {
  gatehouse = await startWith([alpha, hostile, scheming, data], { others: [careless.fake] });
  await connect(gatehouse, careless, { email_trust: 'none' });
});
test.after.always(() => gatehouse?.stop());

/** What is on a page and not ours; two buttons of one form at My account lead to two places. */
function foreign(page: Page): string[] {
  const ways = page.html
    .querySelectorAll('[formaction]')
    .map((button) => button.getAttribute('formaction') ?? '');
  const isOurs = ways.every((way) => /^\/account\/identities\/(un)?link$/.test(way));
  return injectedMarkup(page).filter((found) => !isOurs || found !== 'button formaction');
}

test('T-48 no parameter of a callback becomes markup', async (t) => {
  for (const words of POLYGLOTS) {
    const { agent, query } = await aboutToReturn(gatehouse, alpha);
    const state = query.get('state') ?? '';
    const honest = { error: words, error_description: words, error_uri: words, state };
    const pages = [
      await agent.get(callbackUrl(gatehouse, 'alpha', honest)),
      await agent.get(callbackUrl(gatehouse, 'alpha', { state: words, code: words, iss: words })),
      await agent.get(callbackUrl(gatehouse, encodeURIComponent(words), { state: words })),
    ];
    for (const page of pages) t.deepEqual(foreign(page), [], `${words} ${page.url}`);
    t.notRegex(pages[0]?.text ?? '', /alert\(1\)/, 'the words of the upstream are on the page');
  }
});

test('T-48 no reason and no connector in an address of ours becomes markup', async (t) => {
  const { agent, page } = await aboutToReturn(gatehouse, alpha);
  for (const words of POLYGLOTS) {
    const text = encodeURIComponent(words);
    for (const query of [
      `refused=${text}&connector=${text}`,
      `refused=unavailable&connector=${text}`,
    ]) {
      const shown = await agent.get(`${page.url}?${query}`);
      t.deepEqual(injectedMarkup(shown), [], words);
      t.notRegex(mainText(shown), /alert\(1\)/);
    }
  }
});

test('T-48 the name of a connector is text on every page that shows it', async (t) => {
  const agent = createAgent(gatehouse.issuer);
  const { agent: owner, page: methods } = await openMyAccount(
    gatehouse,
    gatehouse.accounts[0] ?? { email: '', password: '' },
    '/account/identities',
  );
  Object.assign(hostile.fake.person, { sub: 'x', email: undefined });
  const form = await arrive(gatehouse, hostile, agent);
  const csrf = methods.html.querySelector('input[name=csrf]')?.getAttribute('value') ?? '';
  const body = new URLSearchParams({ csrf, connector: 'hostile' });
  const left = await owner.request(`${gatehouse.issuer}/account/identities/link`, {
    method: 'POST',
    body,
  });
  const { agent: refused, query } = await aboutToReturn(gatehouse, hostile);
  query.set('error', 'access_denied');
  const pages: Page[] = [
    methods,
    form,
    await refused.get(callbackUrl(gatehouse, 'hostile', query)),
  ];
  for (const page of pages) {
    t.deepEqual(foreign(page), [], page.url);
    t.true(page.text.includes('&lt;script&gt;'), page.url);
  }
  const text = await left.text();
  t.false(text.includes('<script>alert'));
  t.true(text.includes('&lt;script&gt;'));
});

test('T-48 names and addresses of people are text on the pages for newcomers', async (t) => {
  for (const words of POLYGLOTS) {
    const person = { sub: `person ${words}`, email: `${words.replace(/[\s@]/g, '')}@example.org` };
    Object.assign(careless.fake.person, {
      ...person,
      given_name: words,
      family_name: words,
      name: words,
    });
    const agent = createAgent(gatehouse.issuer);
    const form = await arrive(gatehouse, careless, agent);
    t.is(form.status, 200, words);
    t.deepEqual(injectedMarkup(form), [], words);
    const typed = { email: words, given_name: words, family_name: words };
    const again = await agent.submit(form, 'Continue', typed);
    t.is(again.status, 400, words);
    t.deepEqual(injectedMarkup(again), [], words);
    t.is(again.html.querySelector('input[name=email]')?.getAttribute('value'), words.trim());
    const fine = { email: 'reader@example.org', given_name: 'Jo', family_name: '' };
    const code = await agent.submit(again, 'Continue', fine);
    t.deepEqual(injectedMarkup(code), [], words);
  }
});

/** Links an identity with these words to the account of a browser. */
async function link(agent: Agent, words: string): Promise<Page> {
  const page = await agent.get(`${gatehouse.issuer}/account/identities`);
  const csrf = page.html.querySelector('input[name=csrf]')?.getAttribute('value') ?? '';
  const body = new URLSearchParams({ csrf, connector: 'careless' });
  const url = `${gatehouse.issuer}/account/identities/link`;
  const left = await (await agent.request(url, { method: 'POST', body })).text();
  const href = /href="(https:\/\/careless[^"]+)"/.exec(left)?.[1]?.replaceAll('&amp;', '&') ?? '';
  const person = { sub: `linked ${words}`, email: words, given_name: words, name: words };
  Object.assign(careless.fake.person, person);
  return comeBack(agent, await careless.fake.authorize(new URL(href)));
}

test('T-48 what an upstream calls a person is text at My account, on the link page and in mails', async (t) => {
  const email = 'collector@example.com';
  await createConfirmed(gatehouse, email);
  const { agent } = await openMyAccount(gatehouse, { email, password: PASSWORD });
  for (const words of POLYGLOTS.slice(0, 12)) {
    const confirm = await link(agent, words);
    t.deepEqual(injectedMarkup(confirm), [], words);
    t.true(mainText(confirm).includes(words.replace(/\s+/g, ' ').trim()), mainText(confirm));
    const list = await agent.submit(confirm, 'Link it');
    t.deepEqual(foreign(list), [], words);
    const mail = await newestMail(gatehouse, email, 'identity-linked');
    t.false(mail.html?.includes(words), words);
  }
});

for (const provider of [scheming, data])
  test(`T-48 an upstream whose endpoint is no address of the web leads nowhere: ${provider.name}`, async (t) => {
    const agent = createAgent(gatehouse.issuer);
    const { page } = await aboutToReturn(gatehouse, alpha, agent);
    const answer = await agent.request(`${page.url}/federation/${provider.id}`);
    t.regex(answer.headers.get('Location') ?? '', /^\/interaction\//);
  });

const UNFIT: Record<string, Record<string, unknown>> = {
  'NUL in the subject': { sub: 'nul\0' },
  'half a character in the subject': { sub: 'half \ud800' },
  'a line break in the subject': { sub: 'two\r\nlines' },
  'a subject of 20,000 characters': { sub: 'x'.repeat(20_000) },
};
for (const [what, claims] of Object.entries(UNFIT))
  test(`an identity whose key could not be kept as it is signs nobody in: ${what}`, async (t) => {
    Object.assign(alpha.fake.person, ORDINARY, claims);
    const agent = createAgent(gatehouse.issuer);
    t.regex(mainText(await arrive(gatehouse, alpha, agent)), /could not be verified/);
    t.is((await reasonsOf(gatehouse)).at(-1), 'invalid_answer');
    t.is(await signedInAs(gatehouse, agent), undefined);
  });

const ORDINARY = {
  ...{ email: 'ordinary@example.org', given_name: 'Jo', family_name: 'Doe', name: 'Jo Doe' },
  ...{ sid: undefined, amr: undefined },
};
const ODD: Record<string, unknown>[] = [
  { name: 'a\0b', given_name: 'a\0b', family_name: '\ud800' },
  { sid: 'a\0b', amr: ['a\0b', '\udfff', 'pwd'] },
  { name: 'x'.repeat(50_000), sid: 'x'.repeat(50_000), amr: Array(5000).fill('pwd') },
  { name: ['Jo'], sid: { a: 1 }, amr: 'pwd' },
];
for (const [index, claims] of ODD.entries())
  test(`words of an upstream that cannot be kept are left out, and the person is let in: ${index}`, async (t) => {
    Object.assign(
      alpha.fake.person,
      ORDINARY,
      { sub: `odd ${index}`, email: `odd-${index}@example.org` },
      claims,
    );
    const page = await arrive(gatehouse, alpha);
    t.true(page.status === 303 || /Complete your account/.test(mainText(page)), mainText(page));
  });
