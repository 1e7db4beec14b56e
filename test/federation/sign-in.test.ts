// Signing in elsewhere: the first time, the second time, and all that may be missing.
import test from 'ava';
import { createAgent, type Page } from '../_agent.ts';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { errorOf, mainText, newestMail, signUp, tokensOf, visit } from '../accounts/_person.ts';
import { addConnector, through } from './_connector.ts';
import { OUR_CLIENT } from './upstreams/_every-kind.ts';
import { createOidc, type OidcFake } from './upstreams/_oidc.ts';

async function start(settings: Record<string, unknown> = {}, person: Record<string, unknown> = {}) {
  const fake = createOidc({ person });
  const gatehouse = await startGatehouse({}, [fake]);
  await addConnector(gatehouse, {
    ...{ id: 'example', kind: 'oidc', name: 'Example' },
    settings: { ...OUR_CLIENT, issuer: 'https://login.example.org', ...settings },
  });
  return { gatehouse, fake };
}

async function comeThrough(gatehouse: Gatehouse, fake: OidcFake): Promise<Page> {
  const agent = createAgent(gatehouse.issuer);
  return through(agent, await visit(gatehouse, agent), 'Example', fake);
}

async function subjectOf(gatehouse: Gatehouse, page: Page): Promise<string> {
  const tokens = await tokensOf(gatehouse, page);
  const [, payload = ''] = String(tokens['id_token']).split('.');
  return JSON.parse(Buffer.from(payload, 'base64url').toString()).sub;
}

test('somebody whose address is trusted gets an account at once, and the same one the second time', async (t) => {
  const { gatehouse, fake } = await start({ email_trust: 'verified' });
  const first = await subjectOf(gatehouse, await comeThrough(gatehouse, fake));
  t.regex(first, /^usr_/);
  fake.person['email'] = 'renamed@example.org';
  t.is(await subjectOf(gatehouse, await comeThrough(gatehouse, fake)), first);
  await gatehouse.stop();
});

test('an address that is not trusted is proven by a code before there is an account', async (t) => {
  const { gatehouse, fake } = await start();
  const agent = createAgent(gatehouse.issuer);
  const form = await through(agent, await visit(gatehouse, agent), 'Example', fake);
  t.regex(mainText(form), /Complete your account/);
  const code = await agent.submit(form, 'Continue', { email: 'jo@example.org' });
  t.regex(mainText(code), /We sent a code of six digits to jo@example\.org/);
  const wrong = await agent.submit(code, 'Continue', { code: 'abcdef' });
  t.is(wrong.status, 400);
  t.regex(String(errorOf(wrong, 'code')), /not the code/);
  const mail = await newestMail(gatehouse, 'jo@example.org', 'identity-code');
  const [digits = ''] = /\b\d{6}\b/.exec(mail.text) ?? [];
  const back = await agent.submit(wrong, 'Continue', { code: digits });
  t.regex(await subjectOf(gatehouse, back), /^usr_/);
  await gatehouse.stop();
});

test('who has an account of that address proves that it is theirs, and both are linked', async (t) => {
  const { gatehouse, fake } = await start({ email_trust: 'verified' });
  const owner = createAgent(gatehouse.issuer);
  await signUp(gatehouse, owner, 'jo@example.org');
  const confirm = await newestMail(gatehouse, 'jo@example.org', 'confirm-sign-up');
  const signedIn = await owner.submit(await owner.get(confirm.link()), 'Confirm and sign in');
  const subject = await subjectOf(gatehouse, signedIn);

  const agent = createAgent(gatehouse.issuer);
  const page = await through(agent, await visit(gatehouse, agent), 'Example', fake);
  t.regex(mainText(page), /You already have an account/);
  const wrong = await agent.submit(page, 'Link and sign in', {
    password: 'not the password at all',
  });
  t.is(wrong.status, 400);
  const linked = await agent.submit(wrong, 'Link and sign in', {
    password: 'seven quiet otters swim',
  });
  t.is(await subjectOf(gatehouse, linked), subject);
  await newestMail(gatehouse, 'jo@example.org', 'identity-linked');
  t.is(await subjectOf(gatehouse, await comeThrough(gatehouse, fake)), subject);
  await gatehouse.stop();
});

test('who turns back at the upstream lands on our sign-in page, with a sentence', async (t) => {
  const { gatehouse, fake } = await start();
  fake.faults = { authorization: { error: 'access_denied' } };
  const page = await comeThrough(gatehouse, fake);
  t.is(page.status, 200);
  t.regex(mainText(page), /You did not finish signing in with Example/);
  await gatehouse.stop();
});
