// Who proves to own an account proves it for that account alone; and what an upstream calls its groups
// and roles gives no right that nobody mapped.
import { createAgent } from '../_agent.ts';
import type { Gatehouse } from '../_gatehouse.ts';
import { test } from '../_one-at-a-time.ts';
import { createConfirmed, mainText, visit } from '../accounts/_person.ts';
import { addConnector, comeBack, leave, through } from '../federation/_connector.ts';
import { CONTOSO, createEntra } from '../federation/upstreams/_entra.ts';
import { OUR_CLIENT } from '../federation/upstreams/_every-kind.ts';
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
const beta = createProvider('Beta');
const entra = createEntra({ tenant: CONTOSO, person: { xms_edov: true, acct: 0 } });

let gatehouse: Gatehouse;
test.before(async () => {
  gatehouse = await startWith([alpha, beta], { others: [entra] });
  const mapping = { groups: { 'object-id': 'staff' }, roles: { Reader: 'reader' } };
  const settings = { ...OUR_CLIENT, tenant: CONTOSO, ...mapping };
  await addConnector(gatehouse, { id: 'entra', kind: 'entra', name: 'Microsoft', settings });
});
test.after.always(() => gatehouse?.stop());

/** The link page for a newcomer of Beta whose address has an account. */
async function atLinkPage(sub: string, email: string) {
  const agent = createAgent(gatehouse.issuer);
  Object.assign(beta.fake.person, { sub, email });
  const page = await arrive(gatehouse, beta, agent);
  return { agent, page, uid: new URL(page.url).pathname.split('/')[2] };
}

async function ownerAtAlpha(sub: string): Promise<string> {
  Object.assign(alpha.fake.person, { sub, email: `${sub}@example.org` });
  return subjectOf(gatehouse, await arrive(gatehouse, alpha));
}

test('an identity of another account is no proof of this one', async (t) => {
  const victim = await ownerAtAlpha('victim');
  await ownerAtAlpha('attacker');
  // The attacker's provider says the victim's address, and the attacker proves an account: their own.
  const { agent, page, uid } = await atLinkPage('planted', 'victim@example.org');
  t.regex(mainText(page), /You already have an account/);
  Object.assign(alpha.fake.person, { sub: 'attacker' });
  const proof = `${gatehouse.issuer}/interaction/${uid}/identity/proof/alpha`;
  const back = await comeBack(agent, await alpha.fake.authorize(await leave(agent, proof)));
  t.regex(mainText(back), /That was another account/);
  t.is((await reasonsOf(gatehouse)).at(-1), 'wrong_account');
  t.false('planted' in (await ownersOf(gatehouse)));
  t.not(await signedInAs(gatehouse, agent), victim);
});

test('an identity that nobody has proves nothing', async (t) => {
  await createConfirmed(gatehouse, 'owner@example.org');
  const { agent, uid } = await atLinkPage('planted-2', 'owner@example.org');
  Object.assign(alpha.fake.person, { sub: 'nobody', email: 'owner@example.org' });
  const proof = `${gatehouse.issuer}/interaction/${uid}/identity/proof/alpha`;
  const back = await comeBack(agent, await alpha.fake.authorize(await leave(agent, proof)));
  t.regex(mainText(back), /That was another account/);
  t.deepEqual(
    Object.keys(await ownersOf(gatehouse)).filter((sub) => /planted|nobody/.test(sub)),
    [],
  );
  t.is(await signedInAs(gatehouse, agent), undefined);
});

test('the identity that waits does not prove itself', async (t) => {
  await createConfirmed(gatehouse, 'self@example.org');
  const { agent, uid } = await atLinkPage('itself', 'self@example.org');
  const proof = `${gatehouse.issuer}/interaction/${uid}/identity/proof/beta`;
  await comeBack(agent, await beta.fake.authorize(await leave(agent, proof)));
  t.false('itself' in (await ownersOf(gatehouse)));
  t.is(await signedInAs(gatehouse, agent), undefined);
});

test('T-52 groups and roles that are named like what every object has give nothing, and break nothing', async (t) => {
  const names = [
    'constructor',
    '__proto__',
    'toString',
    'hasOwnProperty',
    'valueOf',
    '<b>',
    '\0',
    '\ud800',
  ];
  Object.assign(entra.person, { groups: names, roles: names });
  const agent = createAgent(gatehouse.issuer);
  const page = await through(agent, await visit(gatehouse, agent), 'Microsoft', entra);
  const id = await subjectOf(gatehouse, page);
  const [identity] = await gatehouse.db.knex('identities').where({ account_id: id });
  t.deepEqual(identity.roles, []);
  t.deepEqual(await gatehouse.db.knex('identity_groups').where({ identity_id: identity.id }), []);
});

test('a role that is mapped is given, and taken away with the upstream’s', async (t) => {
  const browser = createAgent(gatehouse.issuer);
  Object.assign(entra.person, { groups: [], roles: ['Reader', 'Owner'] });
  const id = await subjectOf(
    gatehouse,
    await through(browser, await visit(gatehouse, browser), 'Microsoft', entra),
  );
  const rolesNow = async () =>
    (await gatehouse.db.knex('identities').where({ account_id: id }).first('roles'))?.roles;
  t.deepEqual(await rolesNow(), ['reader']);
  Object.assign(entra.person, { roles: [] });
  const again = createAgent(gatehouse.issuer);
  await subjectOf(
    gatehouse,
    await through(again, await visit(gatehouse, again), 'Microsoft', entra),
  );
  t.deepEqual(await rolesNow(), []);
});
