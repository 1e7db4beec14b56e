// T-36, T-43: an invitation that is accepted with an upstream: for whom it is, once, or not at all.
import { createAgent } from '../_agent.ts';
import type { Gatehouse } from '../_gatehouse.ts';
import { test } from '../_one-at-a-time.ts';
import { inviteSomebody } from '../accounts/_invitations.ts';
import { mainText } from '../accounts/_person.ts';
import { comeBack, leave } from '../federation/_connector.ts';
import {
  arrive,
  createProvider,
  ownersOf,
  reasonsOf,
  signedInAs,
  startWith,
  subjectOf,
} from './_federation.ts';

const alpha = createProvider('Alpha');

let gatehouse: Gatehouse;
test.before(async () => {
  gatehouse = await startWith([alpha]);
});
test.after.always(() => gatehouse?.stop());

/** An invitation, and the way from its page to the upstream. */
async function invited() {
  const { email, id, link } = await inviteSomebody(gatehouse);
  const token = new URL(link).searchParams.get('token') ?? '';
  return { id, email, way: `${gatehouse.issuer}/invitation/federation/alpha?token=${token}` };
}

const stateOf = async (id: string) =>
  (await gatehouse.db.knex('invitations').where({ id }).first('accepted_at'))?.accepted_at;
const accountOf = (email: string) => gatehouse.db.knex('accounts').where({ email }).first('id');

test('whoever holds the link is let in, whatever address the upstream knows them by', async (t) => {
  const { email, way } = await invited();
  Object.assign(alpha.fake.person, { sub: 'guest', email: 'other@example.org' });
  const agent = createAgent(gatehouse.issuer);
  await comeBack(agent, await alpha.fake.authorize(await leave(agent, way)));
  t.is(await signedInAs(gatehouse, agent), (await accountOf(email))?.id);
});

test('an identity of another account accepts no invitation, and leaves nothing behind', async (t) => {
  Object.assign(alpha.fake.person, { sub: 'owner', email: 'owner@example.org' });
  const owner = await subjectOf(gatehouse, await arrive(gatehouse, alpha));
  const { email, id, way } = await invited();
  const agent = createAgent(gatehouse.issuer);
  const page = await comeBack(agent, await alpha.fake.authorize(await leave(agent, way)));
  t.is(new URL(page.url).pathname, '/invitation', mainText(page));
  t.is((await reasonsOf(gatehouse)).at(-1), 'identity_taken');
  t.is(await accountOf(email), undefined, 'an account that nobody can sign in to');
  t.is(await stateOf(id), null, 'the invitation was used up');
  t.is((await ownersOf(gatehouse))['owner'], owner);
  t.is(await signedInAs(gatehouse, agent), undefined);
  // It is as good as before.
  Object.assign(alpha.fake.person, { sub: 'rightful' });
  await comeBack(agent, await alpha.fake.authorize(await leave(agent, way)));
  t.is(await signedInAs(gatehouse, agent), (await accountOf(email))?.id);
});

test('T-36 nobody is led past the page that says whose invitation it is', async (t) => {
  const { way } = await invited();
  const victim = createAgent(gatehouse.issuer);
  for (const site of ['cross-site', 'same-site', 'none']) {
    const answer = await victim.request(way, { headers: { 'Sec-Fetch-Site': site } });
    t.is(answer.status, 303);
    t.regex(answer.headers.get('Location') ?? '', /^\/invitation\?token=/, site);
  }
  const own = await victim.request(way, { headers: { 'Sec-Fetch-Site': 'same-origin' } });
  t.is(new URL(own.headers.get('Location') ?? '').origin, alpha.issuer);
});

test('a trip that began in another browser accepts nothing there', async (t) => {
  const { email, id, way } = await invited();
  const [attacker, victim] = [createAgent(gatehouse.issuer), createAgent(gatehouse.issuer)];
  Object.assign(alpha.fake.person, { sub: 'led-astray' });
  const callback = await alpha.fake.authorize(await leave(attacker, way));
  t.is((await comeBack(victim, callback)).status, 400);
  t.is(await accountOf(email), undefined);
  t.is(await stateOf(id), null);
});

test('an invitation that is revoked while its holder is at the upstream lets nobody in', async (t) => {
  const { email, id, way } = await invited();
  const agent = createAgent(gatehouse.issuer);
  Object.assign(alpha.fake.person, { sub: 'too-late' });
  const callback = await alpha.fake.authorize(await leave(agent, way));
  await gatehouse.db.knex('invitations').where({ id }).update({ revoked_at: new Date() });
  t.is((await comeBack(agent, callback)).status, 400);
  t.is(await accountOf(email), undefined);
  t.false('too-late' in (await ownersOf(gatehouse)));
});

test('one invitation with two identities at once makes one account', async (t) => {
  const { email, way } = await invited();
  const browsers = await Promise.all(
    ['twin-1', 'twin-2'].map(async (sub) => {
      const agent = createAgent(gatehouse.issuer);
      const there = await leave(agent, way);
      Object.assign(alpha.fake.person, { sub });
      return { agent, callback: await alpha.fake.authorize(there), sub };
    }),
  );
  await Promise.all(browsers.map(({ agent, callback }) => comeBack(agent, callback)));
  const owned = await gatehouse.db
    .knex('identities')
    .where({ account_id: (await accountOf(email))?.id });
  t.is(owned.length, 1);
});
