// T-24: an account that is blocked, pending or deleted gets nothing by any door that was open before.
import test from 'ava';
import {
  type AccountState,
  findAccountByEmail,
  setAccountState,
} from '../../src/storage/accounts.ts';
import { callbackParams, createAgent } from '../_agent.ts';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { authorization, enterPassword, exchange, obtainCode, post } from './_flow.ts';

let gatehouse: Gatehouse;
test.before(async () => {
  gatehouse = await startGatehouse();
});
test.after.always(() => gatehouse?.stop());

const PERSON = 1;
const email = () => gatehouse.accounts[PERSON]?.email ?? '';

let accountId: string;
test.serial.before(async () => {
  accountId = (await findAccountByEmail(gatehouse.db, email()))?.id ?? '';
});

for (const state of ['blocked', 'pending', 'deleted'] as const satisfies AccountState[]) {
  test.serial(`T-24 a ${state} account gets nothing by what it held before`, async (t) => {
    await setAccountState(gatehouse.db, accountId, 'active');
    const signIn = { person: PERSON, overrides: { scope: 'openid email offline_access' } };
    const first = await obtainCode(gatehouse, 'web', signIn);
    const tokens = (await exchange(gatehouse, 'web', first)).json;
    const spa = await obtainCode(gatehouse, 'spa', signIn);
    const spaTokens = (await exchange(gatehouse, 'spa', spa)).json;
    const inHand = await obtainCode(gatehouse, 'web', signIn);
    const halfWay = createAgent(gatehouse.issuer);
    const page = await halfWay.get(authorization(gatehouse, 'web').url);
    const agent = first.agent;
    const consentPage = await agent.get(authorization(gatehouse, 'third-party').url);
    t.is(consentPage.status, 200);
    const access = { Authorization: `Bearer ${tokens['access_token']}` };
    t.is((await fetch(`${gatehouse.issuer}/userinfo`, { headers: access })).status, 200);

    await setAccountState(gatehouse.db, accountId, state);

    const exchanged = await exchange(gatehouse, 'web', inHand);
    t.is(exchanged.status, 400, 'the code in hand');
    t.is(exchanged.json['error'], 'invalid_grant');

    const refresh = { grant_type: 'refresh_token', refresh_token: String(tokens['refresh_token']) };
    const refreshed = await post(gatehouse, '/token', refresh, { as: 'web' });
    t.is(refreshed.status, 400, 'the refresh token');
    t.is(refreshed.json['error'], 'invalid_grant');
    const public_ = await post(gatehouse, '/token', {
      grant_type: 'refresh_token',
      refresh_token: String(spaTokens['refresh_token']),
      client_id: gatehouse.client('spa').client_id,
    });
    t.is(public_.status, 400, 'the public client’s refresh token');

    const userinfo = await fetch(`${gatehouse.issuer}/userinfo`, { headers: access });
    t.is(userinfo.status, 401, 'userinfo');
    t.false((await userinfo.text()).includes(email()));

    for (const overrides of [{}, { prompt: 'none' }, { prompt: 'consent' }]) {
      const answer = await agent.get(authorization(gatehouse, 'web', overrides).url);
      t.false(answer.headers.get('Location')?.includes('code=') ?? false, 'the session');
      t.false(answer.text.includes(gatehouse.accounts[PERSON]?.password ?? '-'));
    }

    const csrf = consentPage.html.querySelector('input[name=csrf]')?.getAttribute('value') ?? '';
    const body = new URLSearchParams({ csrf, choice: 'allow' });
    const consented = await agent.request(`${consentPage.url}/consent`, { method: 'POST', body });
    const resumed = consented.headers.get('Location');
    const end = resumed ? await agent.get(new URL(resumed, gatehouse.issuer).href) : undefined;
    t.false(end?.headers.get('Location')?.includes('code=') ?? false, 'the consent page');

    const signedIn = await enterPassword(gatehouse, halfWay, page, PERSON);
    t.is(signedIn.status, 400, 'the sign-in under way');
    t.true(signedIn.text.includes('The e-mail address or the password is not right.'));
  });

  test.serial(`T-24 the tokens of a ${state} account introspect as inactive`, async (t) => {
    await setAccountState(gatehouse.db, accountId, 'active');
    const flow = await obtainCode(gatehouse, 'web', {
      person: PERSON,
      overrides: { scope: 'openid offline_access' },
    });
    const tokens = (await exchange(gatehouse, 'web', flow)).json;
    const values = [tokens['access_token'], tokens['refresh_token']].map(String);
    const introspect = (token: string) => post(gatehouse, '/introspect', { token }, { as: 'web' });
    for (const token of values) t.is((await introspect(token)).json['active'], true);
    await setAccountState(gatehouse.db, accountId, state);
    for (const token of values) t.deepEqual((await introspect(token)).json, { active: false });
  });

  test.serial(`T-24 without a page, a ${state} account is one that has to sign in`, async (t) => {
    await setAccountState(gatehouse.db, accountId, 'active');
    const { agent } = await obtainCode(gatehouse, 'web', { person: PERSON });
    await setAccountState(gatehouse.db, accountId, state);
    const page = await agent.get(authorization(gatehouse, 'web', { prompt: 'none' }).url);
    // OpenID Connect Core section 3.1.2.6; the others tell the client to try in vain.
    t.is(callbackParams(page).get('error'), 'login_required');
  });

  test.serial(`T-24 the sign-out page does not name a ${state} account`, async (t) => {
    await setAccountState(gatehouse.db, accountId, 'active');
    const { agent } = await obtainCode(gatehouse, 'web', { person: PERSON });
    await setAccountState(gatehouse.db, accountId, state);
    const page = await agent.get(`${gatehouse.issuer}/logout`);
    t.is(page.status, 200);
    t.false(page.text.includes(email()));
    t.is((await agent.submit(page, 'Sign out')).status, 200);
  });
}
