// Home-realm discovery: an address, a hint of the client, or the only connector decides where to sign in.
import { addDomain } from '../../src/federation/management/connector-domains.ts';
import { runInUnitOfWork } from '../../src/storage/unit-of-work.ts';
import { createAgent, type Page } from '../_agent.ts';
import { test } from '../_one-at-a-time.ts';
import { addAccount, eventually, hasButton, type Params } from '../_protocol.ts';
import { inviteSomebody } from '../accounts/_invitations.ts';
import { errorOf, follow, mainText, newestMail, PASSWORD, visit } from '../accounts/_person.ts';
import { comeBack, leave, setEnabled } from './_connector.ts';
import {
  accountOf,
  alertOf,
  arrive,
  auditOf,
  claimsOf,
  goOn,
  goThere,
  press,
  type Stage,
  startStage,
  type Upstream,
} from './_stage.ts';

let stage: Stage;
let contoso: Upstream;
let forced: Upstream;
let social: Upstream;
test.before(async () => {
  stage = await startStage();
  contoso = await stage.upstream({}, { email: 'jo@contoso.example' });
  forced = await stage.upstream({}, { email: 'jo@forced.example' });
  social = await stage.upstream();
  await own(stage, contoso, 'contoso.example', false);
  await own(stage, forced, 'forced.example', true);
});
test.after.always(() => stage?.stop());

/** Gives a connector a proven domain, and waits until this node has heard of it. */
async function own(of: Stage, { id, name }: Upstream, domain: string, isForced: boolean) {
  const { db } = of;
  await runInUnitOfWork(db.knex, async (unit) => {
    const request = { connectorId: id, domain, asserted: true, forced: isForced };
    await addDomain(db, request, 'a test');
    await unit.commit();
  });
  await eventually(
    async () => (await identify(of, `x@${domain}`)).text,
    (text) => text.includes(`https://${id}.example.org/authorize`) && text.includes(name),
  );
}

/** Types an address on the first page. */
async function identify(of: Stage, email: string, agent = createAgent(of.issuer)): Promise<Page> {
  const page = await visit(of, agent);
  return hasButton(page, 'Continue') ? agent.submit(page, 'Continue', { email }) : page;
}

/** Somebody nobody knows yet is at the upstream. */
const become = ({ fake }: Upstream, email: string) =>
  Object.assign(fake.person, { sub: email, email });

const hintOf = (page: Page) => {
  const href = page.html.querySelector('a.button-primary')?.getAttribute('href') ?? '';
  return new URL(href).searchParams.get('login_hint');
};

/** Where the portal's request leads at once; undefined: to a page. */
async function straight(params: Params, of = stage): Promise<URL | undefined> {
  const page = await visit(of, createAgent(of.issuer), params);
  const location = page.headers.get('Location');
  return location ? new URL(location) : undefined;
}

test('where a domain is proven, the first page asks for the address only', async (t) => {
  const page = await visit(stage, createAgent(stage.issuer));
  t.true(hasButton(page, 'Continue'));
  t.is(page.html.querySelectorAll('input[type=password]').length, 0);
  t.is(page.html.querySelectorAll('a.connector').length, 3);
});

test('a known domain leads to its connector, which hears the address', async (t) => {
  const agent = createAgent(stage.issuer);
  const page = await identify(stage, ' Jo@Contoso.EXAMPLE ', agent);
  t.is(page.status, 200);
  t.is(hintOf(page), 'Jo@Contoso.EXAMPLE');
  t.regex(page.text, /http-equiv="refresh"/);
  const back = await goThere(agent, page, contoso);
  const { sub } = await claimsOf(stage, back);
  t.is((await accountOf(stage, 'jo@contoso.example'))?.id, String(sub));
});

test('an unknown domain, a sub-domain and an unproven one lead to the password, all alike', async (t) => {
  const seen = new Set<string>();
  for (const email of ['jo@nowhere.example', 'jo@sub.contoso.example', 'jo@contoso.example.evil']) {
    const page = await identify(stage, email);
    t.is(page.status, 200);
    t.true(hasButton(page, 'Sign in'));
    t.is(page.html.querySelector('#email')?.getAttribute('value'), email);
    seen.add(mainText(page));
  }
  t.is(seen.size, 1);
});

test('an address with an account and one without lead to the same page', async (t) => {
  const account = await addAccount(stage);
  const pages = [];
  for (const email of [account.email, 'no-such-person@example.com'])
    pages.push(mainText(await identify(stage, email)));
  t.is(pages[0], pages[1]);
  const agent = createAgent(stage.issuer);
  const page = await identify(stage, account.email, agent);
  const done = await agent.submit(page, 'Sign in', { password: account.password });
  t.is((await claimsOf(stage, done))['sub'], account.id);
});

test('who mistyped the domain goes back to the address', async (t) => {
  const agent = createAgent(stage.issuer);
  const page = await identify(stage, 'jo@contoso.exmaple', agent);
  const link = page.html
    .querySelectorAll('main a')
    .find((a) => a.textContent === 'Use another address');
  const back = await agent.get(new URL(link?.getAttribute('href') ?? '', page.url).href);
  t.true(hasButton(back, 'Continue'));
  t.is(back.html.querySelector('#password'), null);
});

test('what is no address is said beside the field', async (t) => {
  for (const email of ['', 'jo', '@contoso.example', `${'x'.repeat(400)}@contoso.example`]) {
    const page = await identify(stage, email);
    t.is(page.status, 400);
    t.is(errorOf(page, 'email'), 'Enter your e-mail address.');
    t.true(hasButton(page, 'Continue'), 'it is asked again');
  }
});

test('idp_hint, domain_hint and login_hint of the client lead straight to a connector', async (t) => {
  const host = ({ id }: Upstream) => `${id}.example.org`;
  t.is((await straight({ idp_hint: social.id }))?.host, host(social));
  t.is((await straight({ domain_hint: 'Contoso.example' }))?.host, host(contoso));
  const byLogin = await straight({ login_hint: 'jo@contoso.example' });
  t.is(byLogin?.host, host(contoso));
  t.is(byLogin?.searchParams.get('login_hint'), 'jo@contoso.example');
  t.is(
    (await straight({ idp_hint: social.id, login_hint: 'jo@contoso.example' }))?.host,
    host(social),
  );
  for (const hint of ['nobody', '../x', '__proto__'])
    t.is(await straight({ idp_hint: hint }), undefined);
  t.is(await straight({ domain_hint: 'nowhere.example' }), undefined);
  t.is(await straight({ login_hint: 'jo@nowhere.example' }), undefined);
});

test('who turns back from where a hint led is not sent there again, whatever they press', async (t) => {
  const agent = createAgent(stage.issuer);
  contoso.fake.faults = { authorization: { error: 'access_denied' } };
  const page = await visit(stage, agent, { domain_hint: 'contoso.example' });
  const back = await goOn(agent, page, contoso);
  contoso.fake.faults = {};
  t.is(back.status, 200);
  t.regex(String(alertOf(back)), /You did not finish signing in/);
  const german = await press(agent, back, 'Deutsch');
  t.is(german.status, 200, 'the language is changed, and the page is the same');
  t.is(german.html.querySelector('html')?.getAttribute('lang'), 'de');
  t.truthy(alertOf(german));
});

test('people of a forced domain get in with its connector only: password', async (t) => {
  const account = await addAccount(stage);
  const query = await stage.db.query();
  const email = `pw-${account.email.split('@')[0]}@forced.example`;
  await query('accounts').where({ id: account.id }).update({ email });
  // Whoever skips the first page.
  const agent = createAgent(stage.issuer);
  const page = await identify(stage, 'jo@nowhere.example', agent);
  const sent = await agent.submit(page, 'Sign in', { email, password: account.password });
  t.is(hintOf(sent), email);
  t.deepEqual(await auditOf(stage, account.id, 'sign-in.succeeded'), []);
});

test('people of a forced domain get in with its connector only: sign-up and forgotten password', async (t) => {
  const agent = createAgent(stage.issuer);
  const form = await follow(agent, await visit(stage, agent), 'Create an account');
  const person = { given_name: 'A', family_name: 'B', password: PASSWORD };
  const refused = await agent.submit(form, 'Create an account', {
    ...person,
    email: 'a@forced.example',
  });
  t.is(refused.status, 400);
  t.regex(String(errorOf(refused, 'email')), /People of your organization sign in another way/);
  const forgot = await follow(
    agent,
    await identify(stage, 'a@nowhere.example', agent),
    'Forgot your password?',
  );
  const no = await agent.submit(forgot, 'Send the mail', { email: 'a@forced.example' });
  t.is(no.status, 400);
  t.regex(mainText(no), /People of your organization sign in another way/);
});

test('people of a forced domain get in with its connector only: a link for a new password', async (t) => {
  const agent = createAgent(stage.issuer);
  const account = await addAccount(stage);
  const page = await identify(stage, account.email, agent);
  const forgot = await follow(agent, page, 'Forgot your password?');
  await agent.submit(forgot, 'Send the mail', { email: account.email });
  const mail = await newestMail(stage, account.email, 'reset-password');
  const query = await stage.db.query();
  await query('accounts')
    .where({ id: account.id })
    .update({ email: `reset-${account.email.split('@')[0]}@forced.example` });
  const link = await agent.get(mail.link());
  t.is(link.status, 403);
  t.regex(mainText(link), /People of your organization sign in another way/);
});

test('people of a forced domain get in with its connector only: other connectors', async (t) => {
  const outside = { email: 'eve@forced.example' };
  const other = await stage.upstream({}, outside);
  const refused = await arrive(stage, other);
  t.regex(String(alertOf(refused)), /People of your organization sign in another way/);
  t.is(await accountOf(stage, 'eve@forced.example'), undefined);

  // An identity from before the domain was forced.
  const account = await addAccount(stage);
  const old = await stage.upstream({}, { email: account.email });
  const mine = createAgent(stage.issuer);
  const first = await mine.get(`${stage.issuer}/account/identities`);
  const second = await mine.submit(first, 'Continue', { email: account.email });
  const page = await mine.submit(second, 'Sign in', { password: account.password });
  const asked = await goThere(mine, await press(mine, page, `Link ${old.name}`), old);
  await press(mine, asked, 'Link it');
  t.is((await claimsOf(stage, await arrive(stage, old)))['sub'], account.id);
  const query = await stage.db.query();
  const email = `old-${account.email.split('@')[0]}@forced.example`;
  await query('accounts').where({ id: account.id }).update({ email });
  t.regex(
    String(alertOf(await arrive(stage, old))),
    /People of your organization sign in another way/,
  );
  // Nor is one more linked.
  const more = await stage.upstream();
  const list = await mine.get(`${stage.issuer}/account/identities`);
  const no = await press(mine, list, `Link ${more.name}`);
  t.regex(String(alertOf(no)), /People of your organization sign in another way/);

  // An address that is typed.
  const typed = await stage.upstream({}, { email: undefined });
  const agent = createAgent(stage.issuer);
  const form = await arrive(stage, typed, { agent });
  const no2 = await agent.submit(form, 'Continue', { email: 'typed@forced.example' });
  t.regex(String(alertOf(no2)), /People of your organization sign in another way/);
});

test('people of a forced domain get in with its connector only: invitations', async (t) => {
  const { link, email } = await inviteSomebody(stage, { email: 'guest@forced.example' });
  const agent = createAgent(stage.issuer);
  const page = await agent.get(link);
  t.is(page.html.querySelectorAll('input[type=password]').length, 0);
  const offered = page.html.querySelectorAll('a.connector');
  t.deepEqual(
    offered.map((a) => a.textContent.trim().endsWith(forced.name)),
    [true],
  );
  const href = offered[0]?.getAttribute('href') ?? '';
  const other = new URL(href.replace(forced.id, social.id), page.url).href;
  const refused = await agent.get(other);
  t.regex(String(alertOf(refused)), /People of your organization sign in another way/);
  become(forced, 'jo@forced.example');
  const callback = await forced.fake.authorize(await leave(agent, new URL(href, page.url).href));
  t.is((await comeBack(agent, callback)).url, `${stage.issuer}/account`);
  t.is((await accountOf(stage, email))?.state, 'active');
});

test('its own connector lets them in, with the address that is theirs', async (t) => {
  become(forced, 'al@forced.example');
  const agent = createAgent(stage.issuer);
  const back = await goThere(agent, await identify(stage, 'al@forced.example', agent), forced);
  t.truthy((await claimsOf(stage, back))['sub']);
});

test('where nobody uses passwords and there is one connector, the portal leads straight to it, and not in circles', async (t) => {
  const alone = await startStage({ signUp: { mode: 'open', domains: [], passwords: false } });
  const only = await alone.upstream();
  t.is((await straight({}, alone))?.host, `${only.id}.example.org`);
  const agent = createAgent(alone.issuer);
  only.fake.faults = { authorization: { error: 'access_denied' } };
  const back = await goOn(agent, await visit(alone, agent), only);
  only.fake.faults = {};
  t.is(back.status, 200);
  t.regex(String(alertOf(back)), /You did not finish signing in/);
  t.is((await agent.get(back.url)).status, 200, 'a reload shows the page again');
  const again = back.html.querySelector('a.connector')?.getAttribute('href') ?? '';
  const done = await goOn(agent, await agent.get(new URL(again, back.url).href), only);
  t.truthy((await claimsOf(alone, done))['sub']);
  // With a second one there is a choice.
  const second = await alone.upstream();
  const choice = await visit(alone, createAgent(alone.issuer));
  t.is(choice.status, 200);
  t.is(choice.html.querySelectorAll('a.connector').length, 2);
  t.is(choice.html.querySelectorAll('input[type=password]').length, 0);
  await setEnabled(alone, second.id, false);
  t.truthy(
    await eventually(
      () => straight({}, alone),
      (url) => url !== undefined,
    ),
  );
  await alone.stop();
});

test('an upstream that cannot be reached leads back to the page, with a sentence', async (t) => {
  const gone = await stage.upstream();
  gone.fake.faults = { answers: { discovery: 'unreachable' } };
  const page = await visit(stage, createAgent(stage.issuer), { idp_hint: gone.id });
  t.is(page.status, 200);
  t.regex(String(alertOf(page)), /cannot be reached just now/);
});
