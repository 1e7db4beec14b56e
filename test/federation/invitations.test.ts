// Accepting an invitation with a connector.
import test from 'ava';
import { type Agent, createAgent, type Page } from '../_agent.ts';
import { eventually, hasButton, type Params } from '../_protocol.ts';
import { expireInvitation, inviteSomebody } from '../accounts/_invitations.ts';
import { mainText, PASSWORD, visit } from '../accounts/_person.ts';
import { goTo, setEnabled, through } from './_connector.ts';
import {
  alertOf,
  arrive,
  auditOf,
  claimsOf,
  goOn,
  type Stage,
  startStage,
  type Upstream,
} from './_stage.ts';

let stage: Stage;
test.before(async () => {
  // New accounts by invitation only: that is what the link is for.
  stage = await startStage({ signUp: { mode: 'invitation', domains: [], passwords: true } });
});
test.after.always(() => stage?.stop());

async function open(request: Parameters<typeof inviteSomebody>[1] = {}) {
  const invitation = await inviteSomebody(stage, request);
  const agent = createAgent(stage.issuer);
  return { ...invitation, agent, page: await agent.get(invitation.link) };
}

const accept = (agent: Agent, page: Page, { name, fake }: Upstream) =>
  through(agent, page, name, fake);

async function accountOf(where: Params) {
  const query = await stage.db.query();
  return query('accounts').where(where).first();
}

test('an invited person comes in with a connector: names, groups, roles, and on to the portal', async (t) => {
  const upstream = await stage.upstream({}, { email: 'ines@elsewhere.example' });
  const query = await stage.db.query();
  await query('groups').insert({ id: 'grp_inv', name: 'invited-people' });
  const web = stage.client('web');
  const request = { groups: ['invited-people'], roles: ['developer'], clientId: web.client_id };
  const { agent, email, page } = await open(request);

  const landed = await accept(agent, page, upstream);
  t.is(landed.status, 303);
  t.true(landed.headers.get('Location')?.startsWith(stage.portalUrl));
  const account = await accountOf({ email });
  t.like(account, { state: 'active', email_verified: true, given_name: 'Jo', family_name: 'Doe' });
  t.like(await auditOf(stage, account.id, 'identity.linked'), [{ proof: 'invitation' }]);
  const mine = mainText(await agent.get(`${stage.issuer}/account`));
  t.regex(mine, /Jo Doe.*Roles developer Groups invited-people/);
  const cookies = await agent.jar.getCookies(stage.issuer);
  t.true(
    cookies.some(({ key }) => key.endsWith('gatehouse_device')),
    'the device is known',
  );
  // The portal asks for a sign-in: nothing more is asked.
  const claims = await claimsOf(stage, await visit(stage, agent));
  t.is(claims['sub'], account.id);
  t.is((await claimsOf(stage, await arrive(stage, upstream)))['sub'], account.id);
});

test('the upstream hears which address was invited', async (t) => {
  const upstream = await stage.upstream();
  const { agent, email, page } = await open();
  const link = page.html
    .querySelectorAll('a.connector')
    .find((a) => a.textContent.trim().endsWith(upstream.name));
  const leaving = await agent.get(new URL(link?.getAttribute('href') ?? '', page.url).href);
  const { searchParams } = new URL(leaving.headers.get('Location') ?? '');
  t.is(searchParams.get('login_hint'), email);
});

test('who turns back is at the invitation, with a sentence, and may accept another way', async (t) => {
  const upstream = await stage.upstream();
  const { agent, email, page } = await open();
  upstream.fake.faults = { authorization: { error: 'access_denied' } };
  const back = await accept(agent, page, upstream);
  t.is(back.status, 200);
  t.regex(String(alertOf(back)), new RegExp(`You did not finish signing in with ${upstream.name}`));
  t.is(await accountOf({ email }), undefined);
  const person = { given_name: 'Ines', family_name: 'A', password: PASSWORD };
  t.is((await agent.submit(back, 'Accept', person)).url, `${stage.issuer}/account`);
});

test('an expired or used invitation leads nowhere, also on the way back', async (t) => {
  const upstream = await stage.upstream();
  const expired = await open();
  await expireInvitation(stage, expired.id);
  const link = expired.page.html
    .querySelectorAll('a.connector')
    .find((a) => a.textContent.trim().endsWith(upstream.name));
  const href = new URL(link?.getAttribute('href') ?? '', expired.page.url).href;
  const refused = await expired.agent.get(href);
  t.is(refused.status, 410);
  t.regex(mainText(refused), /This invitation has expired/);

  const used = await open();
  const callback = await goTo(used.agent, used.page, upstream.name, upstream.fake);
  const person = { given_name: 'Ines', family_name: 'A', password: PASSWORD };
  await createAgent(stage.issuer).submit(used.page, 'Accept', person);
  const late = await used.agent.get(callback.url);
  t.is(late.status, 400);
  t.regex(mainText(late), /was used already, or is void/);
  const account = await accountOf({ email: used.email });
  t.deepEqual(await auditOf(stage, account.id, 'identity.linked'), []);
});

test('an identity that is somebody else’s accepts nothing, and the invitation stays good', async (t) => {
  const upstream = await stage.upstream();
  const first = await open();
  await accept(first.agent, first.page, upstream);
  const second = await open();
  const refused = await accept(second.agent, second.page, upstream);
  t.regex(String(alertOf(refused)), /belongs to another account\. Nothing was linked/);
  t.is(await accountOf({ email: second.email }), undefined);
  const person = { given_name: 'Ines', family_name: 'A', password: PASSWORD };
  const done = await second.agent.submit(refused, 'Accept', person);
  t.is(done.url, `${stage.issuer}/account`);
});

test('a connector that is switched off accepts nothing, with a sentence', async (t) => {
  const upstream = await stage.upstream();
  const { agent, link, page } = await open();
  const callback = await goTo(agent, page, upstream.name, upstream.fake);
  await setEnabled(stage, upstream.id, false);
  const shown = await eventually(
    () => agent.get(link),
    ({ text }) => !text.includes(upstream.name),
  );
  t.false(shown.text.includes(upstream.name));
  const back = await agent.get(callback.url);
  t.regex(String(alertOf(back)), new RegExp(`${upstream.name} cannot be reached just now`));
});

test('without an invitation the same upstream makes no account', async (t) => {
  const upstream = await stage.upstream();
  const refused = await arrive(stage, upstream);
  t.regex(String(alertOf(refused)), /New accounts are made by invitation only/);
  t.is(await accountOf({ email: `${upstream.id}@example.org` }), undefined);
});

test('where nobody uses passwords an invitation offers connectors only', async (t) => {
  const other = await startStage({
    signUp: { mode: 'invitation', domains: [], passwords: false },
  });
  try {
    const upstream = await other.upstream();
    const { email, link } = await inviteSomebody(other);
    const agent = createAgent(other.issuer);
    const page = await agent.get(link);
    t.false(hasButton(page, 'Accept'));
    t.is(page.html.querySelectorAll('input[type=password]').length, 0);
    t.is(page.html.querySelector('#email')?.getAttribute('value'), email);
    const done = await accept(agent, page, upstream);
    t.is(done.url, `${other.issuer}/account`);
    // The only way in: the portal leads straight to it.
    const browser = createAgent(other.issuer);
    const back = await goOn(browser, await visit(other, browser), upstream);
    t.is(back.status, 303);
  } finally {
    await other.stop();
  }
});
