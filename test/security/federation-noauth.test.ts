// T-31, nOAuth: whatever an upstream writes into an address, it is nobody's account but their own, and
// nobody learns by it who has one.
import type { ServerConfig } from '../../src/config.ts';
import { findAccountByEmail } from '../../src/storage/accounts.ts';
import { type Agent, createAgent, type Page } from '../_agent.ts';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { receiveMail } from '../_mail.ts';
import { test } from '../_one-at-a-time.ts';
import { createConfirmed, errorOf, mainText, visit } from '../accounts/_person.ts';
import { addConnector, through } from '../federation/_connector.ts';
import {
  CONTOSO,
  createEntra,
  createExternalId,
  FABRIKAM,
} from '../federation/upstreams/_entra.ts';
import { OUR_CLIENT } from '../federation/upstreams/_every-kind.ts';
import { codeFor, ownersOf, signedInAs, subjectOf } from './_federation.ts';

const VICTIM = 'victim@contoso.com';
const entra = createEntra({ tenant: 'common' });
const external = createExternalId();

let gatehouse: Gatehouse;
let victim: string;
const start = async (config: Partial<ServerConfig> = {}) => {
  const started = await startGatehouse(config, [entra, external]);
  const settings = { ...OUR_CLIENT, tenant: 'common', any_tenant: true };
  await addConnector(started, { id: 'entra', kind: 'entra', name: 'Microsoft', settings });
  const authority = 'https://contoso.ciamlogin.com';
  const own = { ...OUR_CLIENT, tenant: CONTOSO, authority, linking: 'auto' };
  await addConnector(started, {
    id: 'ciam',
    kind: 'entra-external-id',
    name: 'CIAM',
    settings: own,
  });
  return started;
};
test.before(async () => {
  gatehouse = await start();
  await createConfirmed(gatehouse, VICTIM);
  victim = (await findAccountByEmail(gatehouse.db, VICTIM))?.id ?? '';
});
test.after.always(() => gatehouse?.stop());

let people = 0;
/** Somebody of a tenant of the attacker's. */
function somebody(claims: Record<string, unknown>): void {
  people += 1;
  const oid = `aaaaaaaa-0000-4000-8000-${String(people).padStart(12, '0')}`;
  for (const name of Object.keys(entra.person)) delete entra.person[name];
  const ordinary = { tid: FABRIKAM, oid, name: 'Mallory M', given_name: 'Mallory', acct: 0 };
  Object.assign(entra.person, ordinary, claims);
}

const come = async (agent: Agent, server = gatehouse) =>
  through(agent, await visit(server, agent), 'Microsoft', entra);

const GUEST = 'victim_contoso.com#EXT#@fabrikam.onmicrosoft.com';
const SHAPES: Record<string, Record<string, unknown>> = {
  'no xms_edov': { email: VICTIM },
  'xms_edov false': { email: VICTIM, xms_edov: false },
  'xms_edov "0"': { email: VICTIM, xms_edov: '0' },
  'xms_edov 0': { email: VICTIM, xms_edov: 0 },
  'xms_edov "false"': { email: VICTIM, xms_edov: 'false' },
  'xms_edov as a list': { email: VICTIM, xms_edov: [true] },
  'email_verified, which Entra does not know': { email: VICTIM, email_verified: true },
  'the address as UPN': { upn: VICTIM, preferred_username: VICTIM, xms_edov: true },
  'the address as name': { name: VICTIM, unique_name: VICTIM, login_hint: VICTIM, xms_edov: true },
  'a guest': { email: VICTIM, acct: 1, idp: `https://sts.windows.net/${CONTOSO}/`, upn: GUEST },
  'the address in capitals': { email: VICTIM.toUpperCase() },
  'a list of addresses': { email: [VICTIM], xms_edov: true },
  'an unverified secondary address': {
    email: 'x@fabrikam.com',
    verified_secondary_email: [VICTIM],
  },
};

for (const [what, claims] of Object.entries(SHAPES))
  test(`T-31 another tenant's person with ${what} is not let into the victim's account`, async (t) => {
    somebody(claims);
    const agent = createAgent(gatehouse.issuer);
    const page = await come(agent);
    t.regex(mainText(page), /Complete your account/);
    t.notRegex(page.text, /already have an account|Noor|Haddad/);
    // The answer of an honest newcomer: the address is to be proven, and the mailbox is the victim's.
    const asked = await agent.submit(page, 'Continue', { email: VICTIM, given_name: 'Mallory' });
    t.regex(mainText(asked), /We sent a code of six digits/);
    t.notRegex(asked.text, /already have an account|Noor|Haddad/);
    for (const path of ['', '/profile', '/link']) {
      const uid = new URL(asked.url).pathname.split('/')[2];
      const shown = await agent.get(`${gatehouse.issuer}/interaction/${uid}/identity${path}`);
      t.notRegex(shown.text, /already have an account|Noor|Haddad/, path);
    }
    t.is(await signedInAs(gatehouse, agent), undefined);
    t.false(Object.values(await ownersOf(gatehouse)).includes(victim));
  });

test('T-31 one address from two tenants is two accounts, and neither is the other', async (t) => {
  const email = 'twice@contoso.com';
  const subjects: string[] = [];
  for (const tid of [CONTOSO, FABRIKAM]) {
    somebody({ tid, email, oid: 'bbbbbbbb-0000-4000-8000-000000000001' });
    const agent = createAgent(gatehouse.issuer);
    const form = await come(agent);
    const own = `of-${tid.slice(0, 4)}@example.com`;
    const asked = await agent.submit(form, 'Continue', { email: own, given_name: 'Jo' });
    const page = await agent.submit(asked, 'Continue', { code: await codeFor(gatehouse, own) });
    subjects.push(await subjectOf(gatehouse, page));
  }
  t.is(new Set(subjects).size, 2);
});

test('T-31 the proven mailbox is not enough either: an account of it is asked for its own proof', async (t) => {
  somebody({ email: VICTIM });
  const agent = createAgent(gatehouse.issuer);
  const asked = await agent.submit(await come(agent), 'Continue', {
    email: VICTIM,
    given_name: 'M',
  });
  const page = await agent.submit(asked, 'Continue', { code: await codeFor(gatehouse, VICTIM) });
  t.regex(mainText(page), /You already have an account/);
  const wrong = await agent.submit(page, 'Link and sign in', { password: 'a guess of some kind' });
  t.truthy(errorOf(wrong, 'password'));
  t.is(await signedInAs(gatehouse, agent), undefined);
  t.false(Object.values(await ownersOf(gatehouse)).includes(victim));
});

for (const settings of [
  { linking: 'auto' },
  { email_trust: 'authoritative' },
  { email_trust: 'verified' },
])
  test(`T-31 ${JSON.stringify(settings)} is refused for the people of several tenants`, async (t) => {
    for (const tenant of ['common', 'organizations'])
      await t.throwsAsync(
        addConnector(gatehouse, {
          ...{ id: 'auto', kind: 'entra', name: 'Auto' },
          settings: { ...OUR_CLIENT, tenant, any_tenant: true, ...settings },
        }),
        { message: /cannot be/ },
      );
  });

test('T-31 automatic linking with External ID takes no address that its inner provider did not prove', async (t) => {
  for (const claims of [{}, { xms_edov: false }, { xms_edov: '0' }, { xms_edov: true }]) {
    Object.assign(external.person, { email: VICTIM, xms_edov: undefined, ...claims });
    const agent = createAgent(gatehouse.issuer);
    await through(agent, await visit(gatehouse, agent), 'CIAM', external);
    t.is(await signedInAs(gatehouse, agent), undefined, JSON.stringify(claims));
  }
  t.false(Object.values(await ownersOf(gatehouse)).includes(victim));
});

/** All of an answer but what differs between any two requests. */
async function answerOf(agent: Agent, page: Page, path: string, fields: Record<string, string>) {
  const csrf = page.html.querySelector('input[name=csrf]')?.getAttribute('value') ?? '';
  const uid = new URL(page.url).pathname.split('/')[2] ?? '';
  const url = `${new URL(page.url).origin}/interaction/${uid}/identity${path}`;
  const body = new URLSearchParams({ csrf, ...fields });
  const answer = await agent.request(url, { method: 'POST', body });
  const shown = await agent.get(`${new URL(page.url).origin}/interaction/${uid}/identity`);
  const plain = (text: string) =>
    text
      .replaceAll(uid, ':uid')
      .replaceAll(csrf, ':csrf')
      .replaceAll(fields['email'] ?? '\0', ':email');
  const varying = new Set(['date', 'x-correlation-id', 'content-length']);
  const headers = [...answer.headers].filter(([name]) => !varying.has(name));
  return {
    status: answer.status,
    headers: headers.map(([name, value]) => plain(`${name}: ${value}`)),
    text: plain(await answer.text()),
    next: plain(shown.text),
  };
}

test('T-42 until the code is right, every answer is the same for known, blocked and unknown addresses', async (t) => {
  const { db } = gatehouse;
  await createConfirmed(gatehouse, 'blocked@contoso.com');
  await db.knex('accounts').where({ email: 'blocked@contoso.com' }).update({ state: 'blocked' });
  const run = async (email: string) => {
    somebody({});
    const agent = createAgent(gatehouse.issuer);
    const page = await come(agent);
    const before = (await receiveMail(gatehouse, email)).length;
    const answers = [];
    const person = { email, given_name: 'Mallory' };
    answers.push(await answerOf(agent, page, '/profile', person));
    for (const code of ['', 'abcdef', '12'])
      answers.push(await answerOf(agent, page, '/code', { email, code }));
    answers.push(
      await answerOf(agent, page, '/link', { email, password: 'seven quiet otters swim' }),
    );
    // The refusal ended the sign-in with this identity, whoever has the address.
    const kinds = (await receiveMail(gatehouse, email)).map(({ kind }) => kind);
    return { answers, mails: kinds.slice(0, kinds.length - before) };
  };
  const unknown = await run('nobody@contoso.com');
  t.deepEqual(unknown.mails, ['identity-code']);
  for (const email of [VICTIM, 'blocked@contoso.com'])
    t.deepEqual(await run(email), unknown, email);
});

test('T-42 the mails with the code are the same, too', async (t) => {
  const texts = [];
  for (const email of [VICTIM, 'nobody2@contoso.com']) {
    somebody({});
    const agent = createAgent(gatehouse.issuer);
    await agent.submit(await come(agent), 'Continue', { email, given_name: 'Mallory' });
    const [mail] = await receiveMail(gatehouse, email);
    texts.push(
      `${mail?.subject}\n${mail?.text}`.replaceAll(email, ':to').replace(/\d{6}/g, ':code'),
    );
  }
  t.is(texts[0], texts[1]);
});
