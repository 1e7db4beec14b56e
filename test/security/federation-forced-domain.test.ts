// T-43: where people of a domain sign in with one connector, every other door is closed to them; and
// what a connector asks of addresses is asked of trusted ones only.

import { insertConnectorDomain } from '../../src/storage/connector-domains.ts';
import { runInUnitOfWork } from '../../src/storage/unit-of-work.ts';
import type { Agent } from '../_agent.ts';
import { createAgent } from '../_agent.ts';
import type { Gatehouse } from '../_gatehouse.ts';
import { receiveMail } from '../_mail.ts';
import { test } from '../_one-at-a-time.ts';
import { eventually } from '../_protocol.ts';
import { inviteSomebody } from '../accounts/_invitations.ts';
import { createConfirmed, mainText, PASSWORD, visit } from '../accounts/_person.ts';
import { addConnector, comeBack, leave, through } from '../federation/_connector.ts';
import { CONTOSO, createEntra } from '../federation/upstreams/_entra.ts';
import { OUR_CLIENT } from '../federation/upstreams/_every-kind.ts';
import {
  aboutToReturn,
  arrive,
  createProvider,
  ownersOf,
  reasonsOf,
  signedInAs,
  startWith,
  subjectOf,
  switchTo,
} from './_federation.ts';

const corp = createProvider('Corp', { sub: 'at-corp', email: 'jo@corp.example' });
const social = createProvider('Social', { sub: 'at-social', email: 'jo@corp.example' });
const entra = createEntra({ tenant: CONTOSO });

let gatehouse: Gatehouse;
test.before(async () => {
  gatehouse = await startWith([corp, social], { others: [entra] });
  const settings = { ...OUR_CLIENT, tenant: CONTOSO, allowed_domains: ['contoso.com'] };
  await addConnector(gatehouse, { id: 'entra', kind: 'entra', name: 'Microsoft', settings });
  await createConfirmed(gatehouse, 'before@corp.example');
  // Linked before the domain was forced.
  social.fake.person['email'] = 'earlier@corp.example';
  await subjectOf(gatehouse, await arrive(gatehouse, social));
  await runInUnitOfWork(gatehouse.db.knex, async (unit) => {
    const domain = { domain: 'corp.example', connector_id: 'corp', forced: true } as const;
    await insertConnectorDomain(gatehouse.db, { ...domain, dns_token: 'x', proof: 'asserted' });
    await unit.commit();
  });
  await eventually(
    () => visit(gatehouse, createAgent(gatehouse.issuer)),
    ({ text }) => text.includes('/identifier"'),
  );
});
test.after.always(() => gatehouse?.stop());

/** Posts to a step of the interaction that a browser just began. */
async function post(agent: Agent, step: string, fields: Record<string, string>) {
  const page = await visit(gatehouse, agent);
  const csrf = page.html.querySelector('input[name=csrf]')?.getAttribute('value') ?? '';
  const body = new URLSearchParams({ csrf, ...fields });
  return agent.request(`${page.url}${step}`, { method: 'POST', body });
}

const refusedElsewhere = /sign in another way/;
const person = { given_name: 'Jo', family_name: 'Doe', password: PASSWORD };

for (const email of [
  'before@corp.example',
  'nobody@corp.example',
  'Before@CORP.example',
  ' before@corp.example ',
])
  test(`no password opens the door for "${email}", and none is looked at`, async (t) => {
    const agent = createAgent(gatehouse.issuer);
    const answer = await post(agent, '/sign-in', { email, password: PASSWORD });
    t.is(answer.status, 200);
    t.regex(await answer.text(), /https:\/\/corp\.example\.org\/authorize/);
    t.is(await signedInAs(gatehouse, agent), undefined);
  });

test('nobody signs up or gets a new password with an address of the domain', async (t) => {
  const doors = [
    ['/sign-up', { email: 'new@corp.example', ...person }],
    ['/forgot-password', { email: 'before@corp.example' }],
  ] as const;
  for (const [step, fields] of doors) {
    const before = (await receiveMail(gatehouse, fields.email)).length;
    const answer = await post(createAgent(gatehouse.issuer), step, fields);
    t.is(answer.status, 400, step);
    t.regex(await answer.text(), /sign in another way/);
    t.is((await receiveMail(gatehouse, fields.email)).length, before);
  }
});

test('an invitation is not accepted with a password, nor with another connector', async (t) => {
  const { email, link } = await inviteSomebody(gatehouse, { email: 'invited@corp.example' });
  const token = new URL(link).searchParams.get('token') ?? '';
  const agent = createAgent(gatehouse.issuer);
  const page = await agent.get(link);
  t.is(page.html.querySelector('input[name=password]'), null);
  // Posted all the same.
  const posted = await agent.request(link, { method: 'POST', body: new URLSearchParams(person) });
  t.is(posted.status, 403);
  const way = (id: string) => `${gatehouse.issuer}/invitation/federation/${id}?token=${token}`;
  const refused = await agent.get(way('social'));
  t.regex(mainText(refused), refusedElsewhere);
  t.is((await reasonsOf(gatehouse)).at(-1), 'other_connector');
  t.is(await signedInAs(gatehouse, agent), undefined);
  t.deepEqual(await gatehouse.db.knex('accounts').where({ email }), []);
  corp.fake.person['sub'] = 'invited-here';
  await comeBack(agent, await corp.fake.authorize(await leave(agent, way('corp'))));
  t.regex(String(await signedInAs(gatehouse, agent)), /^usr_/);
});

test('another connector that knows an address of the domain makes no account', async (t) => {
  for (const email of ['jo@corp.example', 'jo@CORP.example', 'before@corp.example']) {
    Object.assign(social.fake.person, { sub: `trusted ${email}`, email });
    const agent = createAgent(gatehouse.issuer);
    t.regex(mainText(await arrive(gatehouse, social, agent)), refusedElsewhere, email);
    t.is((await reasonsOf(gatehouse)).at(-1), 'other_connector');
    t.is(await signedInAs(gatehouse, agent), undefined);
    t.false(`trusted ${email}` in (await ownersOf(gatehouse)));
  }
});

test('nor does one that does not, when the person writes such an address', async (t) => {
  Object.assign(social.fake.person, { sub: 'typed', email: undefined });
  const agent = createAgent(gatehouse.issuer);
  const form = await arrive(gatehouse, social, agent);
  const page = await agent.submit(form, 'Continue', { email: 'before@corp.example' });
  t.regex(mainText(page), refusedElsewhere);
  t.deepEqual(
    (await receiveMail(gatehouse, 'before@corp.example')).filter(
      ({ kind }) => kind === 'identity-code',
    ),
    [],
  );
});

test('nor is the link page a way around it, with the right password', async (t) => {
  Object.assign(social.fake.person, { sub: 'around', email: 'before@corp.example' });
  const agent = createAgent(gatehouse.issuer);
  const { page, callback } = await aboutToReturn(gatehouse, social, agent);
  // Straight to the link, without the page that looks at the address.
  t.is((await agent.request(callback.url)).status, 303);
  const csrf = page.html.querySelector('input[name=csrf]')?.getAttribute('value') ?? '';
  const body = new URLSearchParams({ csrf, password: PASSWORD });
  const answer = await agent.request(`${page.url}/identity/link`, { method: 'POST', body });
  t.regex(answer.headers.get('Location') ?? '', /refused=other_connector/);
  t.is(await signedInAs(gatehouse, agent), undefined);
  t.false('around' in (await ownersOf(gatehouse)));
});

test('an identity that was linked before the domain was forced lets nobody in any more', async (t) => {
  Object.assign(social.fake.person, { sub: 'at-social', email: 'whatever@example.org' });
  const agent = createAgent(gatehouse.issuer);
  t.regex(mainText(await arrive(gatehouse, social, agent)), refusedElsewhere);
  t.is(await signedInAs(gatehouse, agent), undefined);
});

test('the connector of the domain lets its people in', async (t) => {
  Object.assign(corp.fake.person, { sub: 'rightful', email: 'rightful@corp.example' });
  const agent = createAgent(gatehouse.issuer);
  const page = await agent.submit(await visit(gatehouse, agent), 'Continue', {
    email: 'rightful@corp.example',
  });
  const href = page.html.querySelector('a.button-primary')?.getAttribute('href') ?? '';
  const done = await comeBack(
    agent,
    await corp.fake.authorize(new URL(href.replaceAll('&amp;', '&'))),
  );
  t.regex(await subjectOf(gatehouse, done), /^usr_/);
});

test('the connector of a domain is no authority for other people’s addresses', async (t) => {
  await createConfirmed(gatehouse, 'stranger@example.net');
  Object.assign(corp.fake.person, { sub: 'overreach', email: 'stranger@example.net' });
  const agent = createAgent(gatehouse.issuer);
  t.regex(mainText(await arrive(gatehouse, corp, agent)), /You already have an account/);
  t.is(await signedInAs(gatehouse, agent), undefined);
});

const OUTSIDE: Record<string, Record<string, unknown>> = {
  'an address that nobody proved': { email: 'jo@contoso.com', acct: 0 },
  'a guest with an address of the domain': { email: 'jo@contoso.com', xms_edov: true, acct: 1 },
  'a guest by home organization': {
    email: 'jo@contoso.com',
    xms_edov: true,
    acct: 0,
    idp: 'https://sts.windows.net/x/',
  },
  'nothing that tells guests from members': { email: 'jo@contoso.com', xms_edov: true },
  'another domain': { email: 'jo@fabrikam.com', xms_edov: true, acct: 0 },
  'a longer domain': { email: 'jo@contoso.com.evil.test', xms_edov: true, acct: 0 },
  'two signs': { email: 'jo@contoso.com@evil.test', xms_edov: true, acct: 0 },
  'a subdomain': { email: 'jo@evil.contoso.com', xms_edov: true, acct: 0 },
  'no address, and a name of the domain': { email: undefined, upn: 'jo@contoso.com', acct: 0 },
};

for (const [what, claims] of Object.entries(OUTSIDE))
  test(`allowed_domains does not let in: ${what}`, async (t) => {
    for (const name of ['xms_edov', 'acct', 'idp', 'upn']) delete entra.person[name];
    Object.assign(entra.person, claims);
    const agent = createAgent(gatehouse.issuer);
    const page = await through(agent, await visit(gatehouse, agent), 'Microsoft', entra);
    t.regex(mainText(page), /may not be used here|not set up correctly/);
    t.regex(String((await reasonsOf(gatehouse)).at(-1)), /^(not_admitted|misconfigured)$/);
    t.is(await signedInAs(gatehouse, agent), undefined);
  });

test('allowed_domains lets a member with a proven address in', async (t) => {
  for (const name of ['idp', 'upn']) delete entra.person[name];
  Object.assign(entra.person, { email: 'jo@contoso.com', xms_edov: true, acct: 0 });
  const agent = createAgent(gatehouse.issuer);
  const page = await through(agent, await visit(gatehouse, agent), 'Microsoft', entra);
  t.regex(await subjectOf(gatehouse, page), /^usr_/);
});

test('the domain stays forced while its connector is disabled: no password opens another door', async (t) => {
  await switchTo(gatehouse, corp, false);
  const email = 'before@corp.example';
  const answer = await post(createAgent(gatehouse.issuer), '/sign-in', {
    email,
    password: PASSWORD,
  });
  t.is(answer.status, 303);
  t.regex(answer.headers.get('Location') ?? '', /refused=unavailable/);
  await switchTo(gatehouse, corp, true);
});
