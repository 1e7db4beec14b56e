// My account: what a person sees and changes of their own account.
import test from 'ava';
import { createAgent } from '../_agent.ts';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import {
  addAccount,
  ageSession,
  authorizeUrl,
  hasButton,
  proceed,
  refresh,
  signInFor,
} from '../_protocol.ts';
import { mainText, openMyAccount, queuedKinds } from './_my-account.ts';

let gatehouse: Gatehouse;
test.before(async () => {
  gatehouse = await startGatehouse();
});
test.after.always(() => gatehouse?.stop());

const NEW_PASSWORD = 'seven purple garden gates';

test('whoever is not signed in signs in like everybody, and is back at the page', async (t) => {
  const account = await addAccount(gatehouse);
  const { agent, page } = await openMyAccount(gatehouse, account, '/account/sessions?done=session');
  t.is(page.url, `${gatehouse.issuer}/account/sessions?done=session`);
  t.is(page.status, 200);
  t.regex(mainText(page), /Sessions and devices.*The session is ended\..*This device/);
  t.is(page.headers.get('Cache-Control'), 'no-store');
  // Signed in already, nothing is asked.
  const other = await agent.get(`${gatehouse.issuer}/account/activity`);
  t.regex(mainText(other), /You signed in for Gatehouse|You signed in for this server/);
});

test('cancelling leads to the start page, and a forged callback to My account', async (t) => {
  const agent = createAgent(gatehouse.issuer);
  const start = await agent.get(`${gatehouse.issuer}/account`);
  const back = await agent.submit(start, 'Cancel');
  t.is(back.url, `${gatehouse.issuer}/`);
  const account = await addAccount(gatehouse);
  const signedIn = await openMyAccount(gatehouse, account);
  const forged = await signedIn.agent.get(
    `${gatehouse.issuer}/account/callback?code=x&state=${'a'.repeat(22)}`,
  );
  t.is(forged.url, `${gatehouse.issuer}/account`);
  const refused = await signedIn.agent.get(
    `${gatehouse.issuer}/account/callback?error=server_error`,
  );
  t.is(refused.status, 400);
  t.regex(mainText(refused), /The sign-in for this page did not succeed/);
});

test('names are changed, and what is no name is said beside the field', async (t) => {
  const { agent, page } = await openMyAccount(gatehouse, await addAccount(gatehouse));
  const typed = { given_name: ' Zoë ', family_name: 'x'.repeat(101) };
  const wrong = await agent.submit(page, 'Save', typed);
  t.is(wrong.status, 400);
  t.is(wrong.html.querySelector('#family_name')?.getAttribute('value'), typed.family_name);
  t.regex(
    wrong.html.querySelector('#family_name-error')?.textContent ?? '',
    /at most 100 characters/,
  );
  const saved = await agent.submit(wrong, 'Save', { given_name: ' Zoë ', family_name: '' });
  t.regex(mainText(saved), /Your names are saved/);
  t.is(saved.html.querySelector('#given_name')?.getAttribute('value'), 'Zoë');
  t.is(saved.html.querySelector('#family_name')?.getAttribute('value'), '');
});

test('a new password needs the old one; everything else that was signed in is out', async (t) => {
  const account = await addAccount(gatehouse);
  const web = gatehouse.client('web');
  const elsewhere = createAgent(gatehouse.issuer);
  const browser = { agent: elsewhere, account };
  const tokens = await signInFor(gatehouse, web, { scope: 'openid offline_access' }, browser);
  const { agent, page } = await openMyAccount(gatehouse, account, '/account/password');

  for (const [fields, problem] of [
    [{ current: account.password, password: 'short' }, /at least 15 characters/],
    [{ current: '', password: NEW_PASSWORD }, /Enter your password/],
    [{ current: 'not the password', password: NEW_PASSWORD }, /That is not your password/],
  ] as const) {
    const refused = await agent.submit(page, 'Change password', fields);
    t.is(refused.status, 400);
    t.regex(mainText(refused), problem);
    t.false(refused.text.includes(NEW_PASSWORD));
  }
  t.is((await refresh(gatehouse, web, tokens['refresh_token'])).status, 200);

  const fields = { current: account.password, password: NEW_PASSWORD };
  const done = await agent.submit(page, 'Change password', fields);
  t.is(done.status, 200);
  t.regex(mainText(done), /Your password is changed/);
  t.is((await refresh(gatehouse, web, tokens['refresh_token'])).body['error'], 'invalid_grant');
  t.true(hasButton(await elsewhere.get(`${gatehouse.issuer}/account`), 'Sign in'));
  t.true((await queuedKinds(gatehouse)).includes('password-changed'));

  const old = createAgent(gatehouse.issuer);
  const attempt = await proceed(
    gatehouse,
    old,
    await old.get(authorizeUrl(gatehouse, web)),
    account,
  );
  t.is(attempt.headers.get('Location'), null);
  const again = await openMyAccount(gatehouse, { ...account, password: NEW_PASSWORD });
  t.is(again.page.url, `${gatehouse.issuer}/account`);
});

test('sessions are listed with their device, and one or all others are ended', async (t) => {
  const account = await addAccount(gatehouse);
  const others = await Promise.all([1, 2, 3].map(() => openMyAccount(gatehouse, account)));
  const { agent, page } = await openMyAccount(gatehouse, account, '/account/sessions');
  const rows = page.html.querySelectorAll('.rows > li');
  t.is(rows.length, 4);
  t.regex(rows[0]?.textContent ?? '', /This device/);
  t.regex(rows[1]?.textContent ?? '', /Network 127\.0\.0\.1 · Last seen/);

  const name = /^End: /;
  const button = rows[1]?.querySelector('button')?.textContent.trim() ?? '';
  t.regex(button, name);
  const ended = await agent.submit(page, button);
  t.regex(mainText(ended), /The session is ended/);
  t.is(ended.html.querySelectorAll('.rows > li').length, 3);
  const asked = async () => {
    const pages = await Promise.all(
      others.map((other) => other.agent.get(`${gatehouse.issuer}/account`)),
    );
    return pages.filter((shown) => hasButton(shown, 'Sign in')).length;
  };
  t.is(await asked(), 1);
  const alone = await agent.submit(ended, 'End all others');
  t.is(alone.html.querySelectorAll('.rows > li').length, 1);
  t.is(await asked(), 3);
  t.false(hasButton(await agent.get(`${gatehouse.issuer}/account`), 'Sign in'));
});

test('an allowed application is named with what it may do, and taken back', async (t) => {
  const account = await addAccount(gatehouse);
  const shipping = gatehouse.client('third-party');
  const { agent } = await openMyAccount(gatehouse, account);
  const scope = { scope: 'openid email offline_access orders.read', prompt: 'consent' };
  const tokens = await signInFor(gatehouse, shipping, scope, { agent, account });
  const page = await agent.get(`${gatehouse.issuer}/account/applications`);
  const text = mainText(page);
  t.regex(text, /Fabrikam Shipping Allowed since .*See your e-mail address.*See orders/);
  t.false(text.includes('Gatehouse Allowed'));
  const after = await agent.submit(page, 'Take back: Fabrikam Shipping');
  t.regex(mainText(after), /may not use your account any more.*No application may use/);
  const refused = await refresh(gatehouse, shipping, tokens['refresh_token']);
  t.is(refused.body['error'], 'invalid_grant');
  const asked = await agent.get(authorizeUrl(gatehouse, shipping, { scope: 'openid email' }));
  t.true(hasButton(asked, 'Allow'));
});

test('the activity is in plain words and in pages', async (t) => {
  const account = await addAccount(gatehouse);
  const query = await gatehouse.db.query();
  const events = Array.from({ length: 60 }, () => ({
    type: 'account.profile-changed',
    account_id: account.id,
  }));
  await query('audit_events').insert([
    { type: 'account.created', account_id: account.id },
    ...events,
  ]);
  const { agent, page } = await openMyAccount(gatehouse, account, '/account/activity');
  t.regex(mainText(page), /Gatehouse was told who you are|this server was told/);
  let shown = page;
  let rows = shown.html.querySelectorAll('.rows > li').length;
  for (;;) {
    const link = shown.html.querySelector('a[href*="before="]')?.getAttribute('href');
    if (!link) break;
    shown = await agent.get(gatehouse.issuer + link);
    rows += shown.html.querySelectorAll('.rows > li').length;
  }
  t.is(rows, 63);
  t.regex(mainText(shown), /The account was created/);
  t.is((await agent.get(`${gatehouse.issuer}/account/activity?before=x'`)).status, 200);
});

test('the chosen language is that of the pages and stays with the account', async (t) => {
  const account = await addAccount(gatehouse);
  const { agent, page } = await openMyAccount(gatehouse, account, '/account/language');
  const german = await agent.submit(page, 'Save', { language: 'de' });
  t.regex(mainText(german), /Die Sprache ist geändert/);
  const query = await gatehouse.db.query();
  const row = await query('accounts').where({ id: account.id }).first('preferred_language');
  t.is(row.preferred_language, 'de');
  t.is((await agent.submit(german, 'Speichern', { language: 'tlh' })).status, 400);
});

test('the data comes as JSON without any secret; an older sign-in needs the password', async (t) => {
  const account = await addAccount(gatehouse);
  const { agent, page } = await openMyAccount(gatehouse, account, '/account/download');
  const file = await agent.submit(page, 'Download');
  t.is(file.headers.get('Content-Disposition'), 'attachment; filename="my-account.json"');
  const data = JSON.parse(file.text);
  t.is(data.account.email, account.email);
  t.is(data.sessions.length, 1);
  t.true(data.activity.some(({ type }: { type: string }) => type === 'sign-in.succeeded'));
  t.false(/argon2|password_hash/.test(file.text));

  await ageSession(gatehouse, agent, 301);
  const older = await agent.get(`${gatehouse.issuer}/account/download`);
  const without = await agent.submit(older, 'Download');
  t.is(without.status, 400);
  t.regex(mainText(without), /Enter your password/);
  const wrong = await agent.submit(older, 'Download', { password: 'wrong' });
  t.is(wrong.status, 400);
  const right = await agent.submit(wrong, 'Download', { password: account.password });
  t.is(JSON.parse(right.text).account.email, account.email);
});

test('a closed account is gone at once, and an administrator can bring it back', async (t) => {
  const account = await addAccount(gatehouse);
  const { agent, page } = await openMyAccount(gatehouse, account, '/account/close');
  t.regex(mainText(page), /After 30 days your data is erased/);
  const wrong = await agent.submit(page, 'Close my account for good', { password: 'wrong' });
  t.is(wrong.status, 400);
  const closed = await agent.submit(wrong, 'Close my account for good', {
    password: account.password,
  });
  t.is(closed.status, 200);
  t.regex(mainText(closed), /Your account is closed/);
  t.true(hasButton(await agent.get(`${gatehouse.issuer}/account`), 'Sign in'));
  const again = await openMyAccount(gatehouse, account);
  t.regex(mainText(again.page), /Sign in/);
  t.true((await queuedKinds(gatehouse)).includes('account-closed'));
});

test('who has no password proves it by a fresh sign-in instead', async (t) => {
  const account = await addAccount(gatehouse);
  const { agent } = await openMyAccount(gatehouse, account);
  const query = await gatehouse.db.query();
  await query('accounts').where({ id: account.id }).update({ password_hash: null });
  const fresh = await agent.get(`${gatehouse.issuer}/account/close`);
  t.is(fresh.html.querySelector('input[type=password]'), null);
  await ageSession(gatehouse, agent, 301);
  const older = await agent.get(`${gatehouse.issuer}/account/close`);
  const asked = await agent.submit(older, 'Close my account for good');
  t.true(hasButton(asked, 'Sign in'));
  t.true(asked.url.startsWith(`${gatehouse.issuer}/interaction/`));
  const row = await query('accounts').where({ id: account.id }).first('state');
  t.is(row.state, 'active');
});

test('wrong passwords are counted for the account, and stand in its activity', async (t) => {
  const slow = await startGatehouse({ rateLimits: true });
  try {
    const account = await addAccount(slow);
    const { agent, page } = await openMyAccount(slow, account, '/account/close');
    const statuses: number[] = [];
    for (let times = 0; times < 6; times += 1) {
      const attempt = await agent.submit(page, 'Close my account for good', { password: 'wrong' });
      statuses.push(attempt.status);
    }
    t.deepEqual(statuses, [400, 400, 400, 400, 400, 429]);
    const activity = await agent.get(`${slow.issuer}/account/activity`);
    t.is(mainText(activity).match(/A wrong password was typed/g)?.length, 5);
  } finally {
    await slow.stop();
  }
});

test('a form of another session, or without its token, is refused', async (t) => {
  const account = await addAccount(gatehouse);
  const mine = await openMyAccount(gatehouse, account);
  const foreign = await openMyAccount(gatehouse, account);
  const csrf = foreign.page.html.querySelector('input[name=csrf]')?.getAttribute('value') ?? '';
  for (const path of [
    '',
    '/password',
    '/sessions',
    '/sessions/others',
    '/applications',
    '/close',
  ]) {
    const refused = await mine.agent.request(`${gatehouse.issuer}/account${path}`, {
      method: 'POST',
      body: new URLSearchParams({ csrf, password: account.password }),
    });
    t.is(refused.status, 403, path);
  }
  const loggedOut = await createAgent(gatehouse.issuer).request(
    `${gatehouse.issuer}/account/close`,
    {
      method: 'POST',
      body: new URLSearchParams({ csrf, password: account.password }),
    },
  );
  t.is(loggedOut.status, 303);
  t.regex(loggedOut.headers.get('Location') ?? '', /^\/authorize\?client_id=c_my-account/);
});

test('the built-in client redeems nothing and redirects nowhere else', async (t) => {
  const own = {
    client_id: 'c_my-account',
    redirect_uris: [`${gatehouse.issuer}/account/callback`],
  };
  const agent = createAgent(gatehouse.issuer);
  const elsewhere = authorizeUrl(gatehouse, own, { redirect_uri: 'https://evil.example/callback' });
  const refused = await agent.get(elsewhere);
  t.is(refused.status, 400);
  t.is(refused.headers.get('Location'), null);
  const api = await agent.get(authorizeUrl(gatehouse, own, { scope: 'orders.read' }));
  t.not(api.status, 500);
  t.false(hasButton(api, 'Sign in'));
});
