// T-24, T-43: an upstream opens no door that is closed: not for accounts that are blocked, deleted or
// waiting, and not for newcomers where there may be none.
import type { SignUpConfig } from '../../src/config/sign-up.ts';
import { type Agent, createAgent, type Page } from '../_agent.ts';
import type { Gatehouse } from '../_gatehouse.ts';
import { receiveMail } from '../_mail.ts';
import { test } from '../_one-at-a-time.ts';
import { createConfirmed, mainText } from '../accounts/_person.ts';
import {
  aboutToReturn,
  arrive,
  createProvider,
  ownersOf,
  type Provider,
  reasonsOf,
  signedInAs,
  startWith,
  subjectOf,
} from './_federation.ts';

const running: Gatehouse[] = [];
test.after.always(() => Promise.all(running.map((gatehouse) => gatehouse.stop())));

async function start(signUp: Partial<SignUpConfig>, settings: Record<string, unknown> = {}) {
  const alpha = createProvider('Alpha');
  const open: SignUpConfig = { mode: 'open', domains: [], passwords: true };
  const config = { signUp: { ...open, ...signUp } };
  // With one way alone, nobody is asked for theirs.
  const gatehouse = await startWith([alpha, createProvider('Beta')], { config, settings });
  running.push(gatehouse);
  const as = (sub: string, email?: string) => Object.assign(alpha.fake.person, { sub, email });
  return { gatehouse, alpha, as };
}

const accounts = async ({ db }: Gatehouse) =>
  Number((await db.knex('accounts').count())[0]?.['count']);

/** Posts to a step of the identity that waits, without the page before it. */
function post(agent: Agent, page: Page, step: string, fields: Record<string, string>) {
  const csrf = page.html.querySelector('input[name=csrf]')?.getAttribute('value') ?? '';
  const uid = new URL(page.url).pathname.split('/')[2];
  const url = `${new URL(page.url).origin}/interaction/${uid}/identity${step}`;
  return agent.request(url, { method: 'POST', body: new URLSearchParams({ csrf, ...fields }) });
}

/** Goes straight to each step, as nobody does who follows our pages. */
async function pressEverything(gatehouse: Gatehouse, provider: Provider, email: string) {
  const steps = [
    ['/profile', { email, given_name: 'Mallory' }],
    ['/code', { code: '000000' }],
    ['/code/resend', {}],
    ['/link', { password: 'seven quiet otters swim' }],
  ] as const;
  for (const [step, fields] of steps) {
    const { agent, page, callback } = await aboutToReturn(gatehouse, provider);
    await agent.request(callback.url);
    await (await post(agent, page, step, fields)).text();
    if (await signedInAs(gatehouse, agent)) throw new Error(`${step} signed somebody in`);
  }
}

const CLOSED = [
  [{ mode: 'closed' }, {}, 'no_new_accounts'],
  [{ mode: 'invitation' }, {}, 'by_invitation'],
  [{ mode: 'open' }, { new_accounts: 'off' }, 'no_new_accounts'],
  [{ mode: 'open' }, { new_accounts: 'invitation' }, 'by_invitation'],
  [{ mode: 'open', domains: ['contoso.com'] }, {}, 'domain_not_allowed'],
] as const satisfies [Partial<SignUpConfig>, Record<string, unknown>, string][];

for (const [signUp, settings, reason] of CLOSED)
  test(`T-43 no account comes into being with ${JSON.stringify({ ...signUp, ...settings })}`, async (t) => {
    const { gatehouse, alpha, as } = await start(signUp, settings);
    const before = await accounts(gatehouse);
    as('trusted', 'newcomer@example.org');
    const agent = createAgent(gatehouse.issuer);
    const page = await arrive(gatehouse, alpha, agent);
    t.is((await reasonsOf(gatehouse)).at(-1), reason, mainText(page));
    t.is(await signedInAs(gatehouse, agent), undefined);
    for (const [sub, address] of [
      ['pressed', 'newcomer@example.org'],
      ['silent', undefined],
    ] as const) {
      as(sub, address);
      await pressEverything(gatehouse, alpha, 'newcomer@example.org');
    }
    t.is(await accounts(gatehouse), before);
    t.deepEqual(await ownersOf(gatehouse), {});
    t.deepEqual(await receiveMail(gatehouse, 'newcomer@example.org'), []);
  });

test('T-43 an account that needs approval waits for it, however often its owner comes', async (t) => {
  for (const [signUp, settings] of [
    [{ mode: 'approval' }, {}],
    [{ mode: 'open' }, { new_accounts: 'approval' }],
    [{ mode: 'closed' }, { new_accounts: 'approval' }],
  ] as const) {
    const { gatehouse, alpha, as } = await start(signUp, settings);
    as('waiting', 'waiting@example.org');
    const agent = createAgent(gatehouse.issuer);
    for (let n = 0; n < 3; n += 1) {
      t.regex(mainText(await arrive(gatehouse, alpha, agent)), /has yet to approve/);
      t.is((await reasonsOf(gatehouse)).at(-1), 'waiting');
      t.is(await signedInAs(gatehouse, agent), undefined);
    }
    // Nor by another identity with the same trusted address.
    as('second', 'waiting@example.org');
    t.regex(mainText(await arrive(gatehouse, alpha, agent)), /has yet to approve/);
    t.deepEqual(Object.keys(await ownersOf(gatehouse)), ['waiting']);
    const rows = await gatehouse.db.knex('accounts').where({ email: 'waiting@example.org' });
    t.is(rows[0].state, 'pending');
  }
});

test('T-24 a blocked account stays blocked, whichever way its owner comes from elsewhere', async (t) => {
  const { gatehouse, alpha, as } = await start(
    {},
    { linking: 'auto', email_trust: 'authoritative' },
  );
  as('blocked', 'blocked@example.org');
  const id = await subjectOf(gatehouse, await arrive(gatehouse, alpha));
  await gatehouse.db.knex('accounts').where({ id }).update({ state: 'blocked' });
  const agent = createAgent(gatehouse.issuer);
  t.regex(mainText(await arrive(gatehouse, alpha, agent)), /This account cannot be used/);
  t.is((await reasonsOf(gatehouse)).at(-1), 'blocked');
  // With another identity of the same trusted address: no second account, and no way back in.
  as('blocked-2', 'blocked@example.org');
  t.regex(mainText(await arrive(gatehouse, alpha, agent)), /This account cannot be used/);
  await pressEverything(gatehouse, alpha, 'blocked@example.org');
  t.is(await signedInAs(gatehouse, agent), undefined);
  t.deepEqual(await ownersOf(gatehouse), { blocked: id });
  const { state } = await gatehouse.db.knex('accounts').where({ id }).first('state');
  t.is(state, 'blocked');
});

test('T-24 an account that was never proven and is blocked is not claimed from elsewhere', async (t) => {
  const { gatehouse, alpha, as } = await start(
    {},
    { linking: 'auto', email_trust: 'authoritative' },
  );
  await createConfirmed(gatehouse, 'unproven@example.org');
  const change = { email_verified: false, state: 'blocked' };
  await gatehouse.db.knex('accounts').where({ email: 'unproven@example.org' }).update(change);
  as('claimer', 'unproven@example.org');
  const agent = createAgent(gatehouse.issuer);
  t.regex(mainText(await arrive(gatehouse, alpha, agent)), /This account cannot be used/);
  const row = await gatehouse.db.knex('accounts').where({ email: 'unproven@example.org' }).first();
  t.is(row.state, 'blocked');
  t.not(row.password_hash, null);
});

test('T-24 a deleted account is not revived: its owner gets a new one', async (t) => {
  const { gatehouse, alpha, as } = await start({});
  as('deleted', 'deleted@example.org');
  const id = await subjectOf(gatehouse, await arrive(gatehouse, alpha));
  await gatehouse.db.knex('accounts').where({ id }).update({ state: 'deleted' });
  as('deleted', 'elsewhere@example.org');
  const next = await subjectOf(gatehouse, await arrive(gatehouse, alpha));
  t.not(next, id);
  const { state } = await gatehouse.db.knex('accounts').where({ id }).first('state');
  t.is(state, 'deleted');
});

test('T-24 an account that is blocked while its owner is on the way does not get in', async (t) => {
  const { gatehouse, alpha, as } = await start({});
  as('on-the-way', 'way@example.org');
  const id = await subjectOf(gatehouse, await arrive(gatehouse, alpha));
  const { agent, callback } = await aboutToReturn(gatehouse, alpha);
  const answer = await agent.request(callback.url);
  await gatehouse.db.knex('accounts').where({ id }).update({ state: 'blocked' });
  const page = await agent.get(
    new URL(answer.headers.get('Location') ?? '', gatehouse.issuer).href,
  );
  t.regex(mainText(page), /This account cannot be used/);
  t.is(await signedInAs(gatehouse, agent), undefined);
});

test('T-43 linking that is set to never links nothing, whatever is proven', async (t) => {
  const { gatehouse, alpha, as } = await start({}, { linking: 'never' });
  await createConfirmed(gatehouse, 'apart@example.org');
  as('never', 'apart@example.org');
  const agent = createAgent(gatehouse.issuer);
  t.regex(mainText(await arrive(gatehouse, alpha, agent)), /has an account already/);
  await pressEverything(gatehouse, alpha, 'apart@example.org');
  t.is((await reasonsOf(gatehouse)).at(-1), 'address_taken');
  t.deepEqual(await ownersOf(gatehouse), {});
});

test('T-43 where passwords are off, none is taken on the link page either', async (t) => {
  const { gatehouse, alpha, as } = await start({ passwords: false });
  const [sam] = gatehouse.accounts;
  as('no-password', sam?.email);
  const { agent, page, callback } = await aboutToReturn(gatehouse, alpha);
  await agent.request(callback.url);
  const answer = await post(agent, page, '/link', { password: sam?.password ?? '' });
  t.is(answer.status, 400);
  t.is(await signedInAs(gatehouse, agent), undefined);
  t.deepEqual(await ownersOf(gatehouse), {});
});
