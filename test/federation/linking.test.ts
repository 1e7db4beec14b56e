// An unknown identity whose address has an account: never linked by the address alone.
import test from 'ava';
import { insertAccount } from '../../src/storage/accounts.ts';
import { createAgent } from '../_agent.ts';
import { addAccount, hasButton } from '../_protocol.ts';
import { errorOf, mainText, newestMail, trySignIn } from '../accounts/_person.ts';
import {
  accountOf,
  alertOf,
  arrive,
  auditOf,
  claimsOf,
  goOn,
  type Stage,
  startStage,
} from './_stage.ts';

let stage: Stage;
test.before(async () => {
  stage = await startStage();
});
test.after.always(() => stage?.stop());

const identitiesOf = async (accountId: unknown) => {
  const query = await stage.db.query();
  return query('identities').where({ account_id: accountId }).select('connector_id');
};

test('the password of the account links it: mailed, recorded', async (t) => {
  const account = await addAccount(stage);
  const upstream = await stage.upstream({}, { email: account.email });
  const agent = createAgent(stage.issuer);
  const page = await arrive(stage, upstream, { agent });
  t.regex(mainText(page), /You already have an account/);
  t.true(mainText(page).includes(`${upstream.name} (${account.email})`), 'the upstream’s side');
  t.true(mainText(page).includes('Tess Nilsen'), 'our side');
  const missing = await agent.submit(page, 'Link and sign in');
  t.is(errorOf(missing, 'password'), 'Enter your password.');
  const wrong = await agent.submit(missing, 'Link and sign in', { password: 'not the password' });
  t.is(wrong.status, 400);
  t.is(errorOf(wrong, 'password'), 'That is not your password.');
  t.deepEqual(await identitiesOf(account.id), []);
  const done = await agent.submit(wrong, 'Link and sign in', { password: account.password });
  t.is((await claimsOf(stage, done))['sub'], account.id);
  t.like(await auditOf(stage, account.id, 'identity.linked'), [{ proof: 'password' }]);
  await newestMail(stage, account.email, 'identity-linked');
});

test('another way in of the account proves it, and the question remains', async (t) => {
  const first = await stage.upstream();
  const { sub } = await claimsOf(stage, await arrive(stage, first));
  const second = await stage.upstream({}, { email: `${first.id}@example.org` });
  const agent = createAgent(stage.issuer);
  const page = await arrive(stage, second, { agent });
  t.is(page.html.querySelectorAll('input[type=password]').length, 0, 'it has none');
  const link = page.html.querySelector('a.connector');
  t.true(link?.textContent.trim().endsWith(`Continue with ${first.name}`));
  const leaving = await agent.get(new URL(link?.getAttribute('href') ?? '', page.url).href);
  const proven = await goOn(agent, leaving, first);
  t.regex(mainText(proven), new RegExp(`Link ${second.name} .* to this account\\?`));
  t.deepEqual(await identitiesOf(sub), [{ connector_id: first.id }]);
  const done = await agent.submit(proven, 'Link and sign in');
  t.is((await claimsOf(stage, done))['sub'], sub);
  t.like((await auditOf(stage, sub, 'identity.linked')).at(-1) ?? {}, { proof: 'identity' });
});

test('the proof must be of this account: that of another one links nothing', async (t) => {
  const first = await stage.upstream();
  const { sub } = await claimsOf(stage, await arrive(stage, first));
  const second = await stage.upstream({}, { email: `${first.id}@example.org` });
  for (const person of [{ sub: 'a-stranger' }, { sub: 'somebody', email: 'other@example.net' }]) {
    const agent = createAgent(stage.issuer);
    const before = { ...first.fake.person };
    if (person.email) {
      Object.assign(first.fake.person, person);
      await claimsOf(stage, await arrive(stage, first));
    }
    Object.assign(first.fake.person, before);
    const page = await arrive(stage, second, { agent });
    const href = page.html.querySelector('a.connector')?.getAttribute('href') ?? '';
    Object.assign(first.fake.person, person);
    const refused = await goOn(agent, await agent.get(new URL(href, page.url).href), first);
    Object.assign(first.fake.person, before);
    t.regex(String(alertOf(refused)), /That was another account\. Nothing was linked/);
    t.deepEqual(await identitiesOf(sub), [{ connector_id: first.id }]);
  }
});

test('who turns back from the proof is at the sign-in page, and nothing is linked', async (t) => {
  const first = await stage.upstream();
  const { sub } = await claimsOf(stage, await arrive(stage, first));
  const second = await stage.upstream({}, { email: `${first.id}@example.org` });
  const agent = createAgent(stage.issuer);
  const page = await arrive(stage, second, { agent });
  const href = page.html.querySelector('a.connector')?.getAttribute('href') ?? '';
  first.fake.faults = { authorization: { error: 'access_denied' } };
  const back = await goOn(agent, await agent.get(new URL(href, page.url).href), first);
  t.regex(String(alertOf(back)), /You did not finish signing in/);
  t.true(hasButton(back, 'Sign in'));
  t.deepEqual(await identitiesOf(sub), [{ connector_id: first.id }]);
});

test('a connector that links never says so, and lets the person sign in as before', async (t) => {
  const account = await addAccount(stage);
  const upstream = await stage.upstream({ linking: 'never' }, { email: account.email });
  const refused = await arrive(stage, upstream);
  t.regex(String(alertOf(refused)), /Your address has an account already/);
  t.deepEqual(await identitiesOf(account.id), []);
});

test('a connector that links by itself does so where both sides are sure of the address, with a mail', async (t) => {
  const account = await addAccount(stage);
  const upstream = await stage.upstream(
    { linking: 'auto', email_trust: 'authoritative' },
    { email: account.email.toUpperCase() },
  );
  t.is((await claimsOf(stage, await arrive(stage, upstream)))['sub'], account.id);
  t.like(await auditOf(stage, account.id, 'identity.linked'), [{ proof: 'policy' }]);
  await newestMail(stage, account.email, 'identity-linked');
});

test('it asks for a proof where the upstream merely verified the address once', async (t) => {
  const account = await addAccount(stage);
  const upstream = await stage.upstream({ linking: 'auto' }, { email: account.email });
  t.regex(mainText(await arrive(stage, upstream)), /You already have an account/);
  t.deepEqual(await identitiesOf(account.id), []);
});

test('whether an address has an account is told to nobody who has not proven it', async (t) => {
  const account = await addAccount(stage);
  const upstream = await stage.upstream({ email_trust: 'none' }, { email: undefined });
  const seen = [];
  for (const email of [account.email, 'nobody-at-all@example.net']) {
    const agent = createAgent(stage.issuer);
    const form = await arrive(stage, upstream, { agent });
    const page = await agent.submit(form, 'Continue', { email });
    seen.push([page.status, mainText(page).replace(email, '…')]);
  }
  t.deepEqual(seen[0], seen[1]);
  t.deepEqual(await identitiesOf(account.id), []);
});

test('the code of the mailbox is no proof of the account: its own proof is asked next', async (t) => {
  const account = await addAccount(stage);
  const upstream = await stage.upstream({ email_trust: 'none' }, { email: account.email });
  const agent = createAgent(stage.issuer);
  const form = await arrive(stage, upstream, { agent });
  const code = await agent.submit(form, 'Continue');
  const mail = await newestMail(stage, account.email, 'identity-code');
  const [digits = ''] = /\b\d{6}\b/.exec(mail.text) ?? [];
  const page = await agent.submit(code, 'Continue', { code: digits });
  t.regex(mainText(page), /You already have an account/);
  const done = await agent.submit(page, 'Link and sign in', { password: account.password });
  t.is((await claimsOf(stage, done))['sub'], account.id);
});

test('an account that was never proven is the owner’s when they come, and a stranger’s password is void', async (t) => {
  const { email, id, password } = await addAccount(stage);
  const query = await stage.db.query();
  await query('accounts').where({ id }).update({ state: 'pending', email_verified: false });
  const upstream = await stage.upstream({}, { email });
  t.is((await claimsOf(stage, await arrive(stage, upstream)))['sub'], id);
  t.like(await accountOf(stage, email), {
    ...{ state: 'active', email_verified: true, password_hash: null },
  });
  t.is((await trySignIn(stage, email, password)).status, 400);
  t.is((await auditOf(stage, id, 'account.claimed')).length, 1);
});

test('a blocked or rejected account takes no identity', async (t) => {
  for (const change of [{ state: 'blocked' }, { state: 'pending', approval: 'rejected' }]) {
    const email = `kept-out-${change.state}@example.org`;
    const { id } = await insertAccount(stage.db, {
      ...{ email, emailVerified: true, givenName: 'K', familyName: 'O', roles: [] },
    });
    const query = await stage.db.query();
    await query('accounts').where({ id }).update(change);
    const upstream = await stage.upstream({}, { email });
    const refused = await arrive(stage, upstream);
    t.regex(String(alertOf(refused)), /This account cannot be used/);
    t.deepEqual(await identitiesOf(id), []);
  }
});

test('who is blocked later does not come in by the connector either', async (t) => {
  const upstream = await stage.upstream();
  const { sub } = await claimsOf(stage, await arrive(stage, upstream));
  const query = await stage.db.query();
  await query('accounts').where({ id: sub }).update({ state: 'blocked' });
  t.regex(String(alertOf(await arrive(stage, upstream))), /This account cannot be used/);
});
