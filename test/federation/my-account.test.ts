// My account: the ways in that an account has, one more, and one less.
import test from 'ava';
import { LANGUAGE_NAMES } from '../../src/http/i18n.ts';
import { createAgent } from '../_agent.ts';
import { addAccount, ageSession, eventually, hasButton } from '../_protocol.ts';
import { openMyAccount, queuedKinds } from '../accounts/_my-account.ts';
import { errorOf, mainText, newestMail, visit } from '../accounts/_person.ts';
import { setEnabled } from './_connector.ts';
import {
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

const PATH = '/account/identities';
let stage: Stage;
test.before(async () => {
  stage = await startStage();
});
test.after.always(() => stage?.stop());

/** Somebody with a password, at the list of their ways in. */
async function openList() {
  const account = await addAccount(stage);
  return { account, ...(await openMyAccount(stage, account, PATH)) };
}

/** Somebody with a password and an identity. */
async function openLinked(upstream: Upstream) {
  const { account, agent, page } = await openList();
  const asked = await goThere(agent, await press(agent, page, `Link ${upstream.name}`), upstream);
  return { account, agent, page: await press(agent, asked, 'Link it') };
}

/** Somebody whose account came of a sign-in elsewhere. */
async function openNewcomer(upstream: Upstream) {
  const agent = createAgent(stage.issuer);
  const { sub } = await claimsOf(stage, await arrive(stage, upstream, { agent }));
  return { sub, agent, page: await agent.get(stage.issuer + PATH) };
}

test('a way in is added: both sides are shown, it is confirmed, mailed and recorded', async (t) => {
  const upstream = await stage.upstream();
  const { account, agent, page } = await openList();
  t.regex(mainText(page), /Ways to sign in.*Password ?Change it.*Add another/);
  const asked = await goThere(agent, await press(agent, page, `Link ${upstream.name}`), upstream);
  t.regex(mainText(asked), new RegExp(`${upstream.name} \\(${upstream.id}@example.org\\)`));
  t.true(mainText(asked).includes(account.email));
  t.deepEqual(await auditOf(stage, account.id, 'identity.linked'), []);

  const done = await press(agent, asked, 'Link it');
  t.is(done.url, `${stage.issuer}${PATH}?done=linked`);
  t.regex(mainText(done), /From now on you can sign in that way, too/);
  t.true(mainText(done).includes(`${upstream.id}@example.org`));
  t.like(await auditOf(stage, account.id, 'identity.linked'), [
    { connector: upstream.id, proof: 'session' },
  ]);
  const mail = await newestMail(stage, account.email, 'identity-linked');
  t.true(mail.text.includes(`${upstream.name} (${upstream.id}@example.org)`), mail.text);
  t.is((await claimsOf(stage, await arrive(stage, upstream)))['sub'], account.id);
  // Confirmed once: the page has nothing to ask any more.
  t.is((await agent.get(`${stage.issuer}${PATH}/confirm`)).url, `${stage.issuer}${PATH}`);
});

test('a session that somebody left open adds and removes nothing without the password', async (t) => {
  const upstream = await stage.upstream();
  const { account, agent } = await openLinked(upstream);
  await ageSession(stage, agent, 600);
  const list = await agent.get(stage.issuer + PATH);
  t.is(list.html.querySelectorAll('input[type=password]').length, 1);
  for (const button of [`Link ${upstream.name}`, `${upstream.id}@example.org`]) {
    const missing = await press(agent, list, button);
    t.is(missing.status, 400);
    t.is(errorOf(missing, 'current'), 'Enter your password.');
    const wrong = await press(agent, list, button, { current: 'not the password' });
    t.is(errorOf(wrong, 'current'), 'That is not your password.');
  }
  t.is((await auditOf(stage, account.id, 'account.proof-failed')).length, 2);
  const proven = { current: account.password };
  const leaving = await press(agent, list, `Link ${upstream.name}`, proven);
  t.regex(mainText(leaving), new RegExp(`On to ${upstream.name}`));
  const gone = await press(agent, list, `${upstream.id}@example.org`, proven);
  t.regex(mainText(gone), /You can no longer sign in that way/);
});

test('whoever has no password signs in anew before a way in is added, and is back at the list', async (t) => {
  const upstream = await stage.upstream();
  const other = await stage.upstream();
  const { agent } = await openNewcomer(upstream);
  await ageSession(stage, agent, 600);
  const list = await agent.get(stage.issuer + PATH);
  t.is(list.html.querySelectorAll('input[type=password]').length, 0);
  const signIn = await press(agent, list, `Link ${other.name}`);
  t.true(hasButton(signIn, 'Sign in'));
  const link = signIn.html
    .querySelectorAll('a.connector')
    .find((a) => a.textContent.trim().endsWith(upstream.name));
  const href = new URL(link?.getAttribute('href') ?? '', signIn.url).href;
  const leaving = await agent.get(href);
  const upstreamUrl = new URL(leaving.headers.get('Location') ?? '');
  t.true(upstreamUrl.searchParams.has('max_age') || upstreamUrl.searchParams.has('prompt'));
  const back = await goOn(agent, leaving, upstream);
  t.is(back.status, 200, back.url);
  t.is(new URL(back.url).pathname, PATH);
  const asked = await goThere(agent, await press(agent, back, `Link ${other.name}`), other);
  t.regex(mainText(asked), /Link this sign-in\?/);
});

test('a way in is removed: mailed, recorded, and it opens the account no more', async (t) => {
  const upstream = await stage.upstream();
  const { account, agent, page } = await openLinked(upstream);
  const elsewhere = createAgent(stage.issuer);
  await claimsOf(stage, await arrive(stage, upstream, { agent: elsewhere }));
  t.is((await elsewhere.get(`${stage.issuer}/account`)).url, `${stage.issuer}/account`);

  const gone = await press(agent, page, `${upstream.id}@example.org`);
  t.regex(mainText(gone), /You can no longer sign in that way/);
  t.false(mainText(gone).includes(`${upstream.id}@example.org`));
  t.deepEqual(await auditOf(stage, account.id, 'identity.unlinked'), [{ connector: upstream.id }]);
  await newestMail(stage, account.email, 'identity-unlinked');
  t.true(hasButton(await elsewhere.get(`${stage.issuer}/account`), 'Sign in'), 'its session ended');
  const { sub } = await claimsOf(stage, await arrive(stage, upstream));
  t.not(sub, account.id);
});

test('the last way in cannot be removed, and the page says so', async (t) => {
  const upstream = await stage.upstream();
  const { agent, page, sub } = await openNewcomer(upstream);
  const refused = await press(agent, page, `${upstream.id}@example.org`);
  t.is(refused.status, 409);
  t.regex(String(alertOf(refused)), /This is the only way in to your account/);
  t.true(mainText(refused).includes(`${upstream.id}@example.org`), 'the list is shown');
  t.deepEqual(await auditOf(stage, sub, 'identity.unlinked'), []);
});

test('a switched-off connector is no way in: the other one is the last', async (t) => {
  const first = await stage.upstream();
  const second = await stage.upstream();
  const { agent, page } = await openNewcomer(first);
  const asked = await goThere(agent, await press(agent, page, `Link ${second.name}`), second);
  await press(agent, asked, 'Link it');
  await setEnabled(stage, second.id, false);
  const list = () => agent.get(stage.issuer + PATH);
  const shown = await eventually(list, (one) => /switched off/.test(mainText(one)));
  t.regex(mainText(shown), new RegExp(`${second.name} \\S+ switched off`));
  t.false(hasButton(shown, `Link ${second.name}`));
  const refused = await press(agent, shown, `${first.id}@example.org`);
  t.is(refused.status, 409);
  const gone = await press(agent, shown, `${second.id}@example.org`);
  t.is(gone.status, 200);
});

test('the identity of somebody else is refused, and stays theirs', async (t) => {
  const upstream = await stage.upstream();
  const { sub } = await openNewcomer(upstream);
  const { account, agent, page } = await openList();
  const asked = await goThere(agent, await press(agent, page, `Link ${upstream.name}`), upstream);
  const refused = await press(agent, asked, 'Link it');
  t.is(refused.status, 400);
  t.regex(String(alertOf(refused)), /belongs to another account\. Nothing was linked/);
  t.deepEqual(await auditOf(stage, account.id, 'identity.linked'), []);
  t.like(await auditOf(stage, account.id, 'sign-in.failed'), [{ reason: 'identity_taken' }]);
  t.is((await claimsOf(stage, await arrive(stage, upstream)))['sub'], sub);
});

test('who turns back at the upstream is at the list, with a sentence', async (t) => {
  const upstream = await stage.upstream();
  const { agent, page } = await openList();
  upstream.fake.faults = { authorization: { error: 'access_denied' } };
  const back = await goThere(agent, await press(agent, page, `Link ${upstream.name}`), upstream);
  t.is(new URL(back.url).pathname, PATH);
  t.regex(String(alertOf(back)), /You did not finish signing in with/);
});

test('a connector that is switched off meanwhile links nothing', async (t) => {
  const upstream = await stage.upstream();
  const { account, agent, page } = await openList();
  const leaving = await press(agent, page, `Link ${upstream.name}`);
  await setEnabled(stage, upstream.id, false);
  const list = () => agent.get(stage.issuer + PATH);
  await eventually(list, (one) => !mainText(one).includes(upstream.name));
  const back = await goThere(agent, leaving, upstream);
  t.regex(String(alertOf(back)), /cannot be reached just now/);
  const late = await press(agent, page, `Link ${upstream.name}`);
  t.regex(String(alertOf(late)), /cannot be reached just now/);
  t.deepEqual(await auditOf(stage, account.id, 'identity.linked'), []);
});

test('the answer for one person is not taken when another one is signed in by then', async (t) => {
  const upstream = await stage.upstream();
  const { account, agent, page } = await openList();
  const leaving = await press(agent, page, `Link ${upstream.name}`);
  const other = await addAccount(stage);
  const start = await visit(stage, agent, { prompt: 'login' });
  await agent.submit(await agent.submit(start, 'Sign in', other), 'Continue');
  const back = await goThere(agent, leaving, upstream);
  t.regex(String(alertOf(back)), /That was another account\. Nothing was linked/);
  for (const { id } of [account, other])
    t.deepEqual(await auditOf(stage, id, 'identity.linked'), []);
});

test('"that was not me" of the mail removes what was linked', async (t) => {
  const upstream = await stage.upstream();
  const { account, agent } = await openLinked(upstream);
  const mail = await newestMail(stage, account.email, 'identity-linked');
  const owner = createAgent(stage.issuer);
  const done = await owner.submit(await owner.get(mail.link()), 'Take my account back');
  t.is(done.status, 200);
  t.true(hasButton(await agent.get(stage.issuer + PATH), 'Sign in'), 'every session ended');
  const query = await stage.db.query();
  t.deepEqual(await query('identities').where({ account_id: account.id }), []);
  t.true((await queuedKinds(stage)).includes('reset-password'));
  t.not((await claimsOf(stage, await arrive(stage, upstream)))['sub'], account.id);
});

test('the download and the activity know of the ways in', async (t) => {
  const upstream = await stage.upstream();
  const { account, agent, page } = await openLinked(upstream);
  const file = await agent.submit(await agent.get(`${stage.issuer}/account/download`), 'Download');
  const { identities } = JSON.parse(file.text);
  t.is(identities.length, 1);
  t.like(identities[0], { connector_id: upstream.id, email: `${upstream.id}@example.org` });
  t.false('account_id' in identities[0]);
  await press(agent, page, `${upstream.id}@example.org`);
  const activity = mainText(await agent.get(`${stage.issuer}/account/activity`));
  t.regex(activity, /A way to sign in was removed.*A way to sign in was added/);
  t.truthy(account);
});

test('the pages speak all languages', async (t) => {
  const upstream = await stage.upstream();
  const { agent, page } = await openLinked(upstream);
  const list = mainText(page);
  const { issuer } = stage;
  for (const language of Object.keys(LANGUAGE_NAMES).filter((one) => one !== 'en')) {
    const body = new URLSearchParams({ language, return: PATH });
    const headers = { Origin: issuer, 'Sec-Fetch-Site': 'same-origin' };
    await agent.request(`${issuer}/language`, { method: 'POST', body, headers });
    const shown = await agent.get(issuer + PATH);
    t.is(shown.html.querySelector('html')?.getAttribute('lang'), language);
    t.not(mainText(shown), list);
    t.notRegex(mainText(shown), /Ways to sign in|Remove|Link |Add another|Last seen/);
  }
});

test('where nobody uses passwords a fresh sign-in is the proof, and the mail asks for no new password', async (t) => {
  const alone = await startStage({ signUp: { mode: 'open', domains: [], passwords: false } });
  const first = await alone.upstream();
  const second = await alone.upstream();
  const account = await addAccount(alone);
  const agent = createAgent(alone.issuer);
  // Its password is left over from before.
  const email = `${first.id}@example.org`;
  const query = await alone.db.query();
  await query('accounts')
    .where({ id: account.id })
    .update({ email, email_verified: false, state: 'pending' });
  t.is((await claimsOf(alone, await arrive(alone, first, { agent })))['sub'], account.id);
  await query('accounts').where({ id: account.id }).update({ password_hash: 'left over' });
  const page = await agent.get(alone.issuer + PATH);
  t.false(mainText(page).includes('Change it'));
  const refused = await press(agent, page, `${first.id}@example.org`);
  t.regex(String(alertOf(refused)), /This is the only way in/);
  const asked = await goThere(agent, await press(agent, page, `Link ${second.name}`), second);
  await press(agent, asked, 'Link it');
  await ageSession(alone, agent, 600);
  const list = await agent.get(alone.issuer + PATH);
  t.is(list.html.querySelectorAll('input[type=password]').length, 0);
  t.regex(mainText(await press(agent, list, `${first.id}@example.org`)), /Sign in/);

  const mail = await newestMail(alone, email, 'identity-linked');
  const owner = createAgent(alone.issuer);
  const notMe = await owner.get(mail.link());
  t.notRegex(mainText(notMe), /password/);
  const done = await owner.submit(notMe, 'Take my account back');
  t.notRegex(mainText(done), /password/);
  t.false((await queuedKinds(alone)).includes('reset-password'));
  await alone.stop();
});
