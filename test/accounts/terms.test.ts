// Terms of use: accepted at sign-up, and again when they change.
import { publishTerms } from '../../src/accounts/terms.ts';
import { findAccountByEmail } from '../../src/storage/accounts.ts';
import { runInUnitOfWork } from '../../src/storage/unit-of-work.ts';
import { createAgent } from '../_agent.ts';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { test } from '../_one-at-a-time.ts';
import { hasButton, proceed } from '../_protocol.ts';
import { errorOf, mainText, newestMail, signUp, tokensOf, visit } from './_person.ts';

let gatehouse: Gatehouse;
test.before(async () => {
  gatehouse = await startGatehouse();
});
test.after.always(() => gatehouse?.stop());

async function publish(version: string, consentRequired = true) {
  const { db } = gatehouse;
  await runInUnitOfWork(db.knex, async (unit) => {
    await publishTerms(db, { version, text: `Be kind.\n\nThis is ${version}.`, consentRequired });
    await unit.commit();
  });
}

/** Asks until a node has heard of the terms: news take a moment. */
async function untilShown(version: string) {
  const agent = createAgent(gatehouse.issuer);
  for (;;) {
    const page = await visit(gatehouse, agent, { prompt: 'create' });
    if (page.text.includes(version)) return page;
  }
}

test('terms are accepted at sign-up, and everybody accepts a new version before going on', async (t) => {
  await publish('2026-1');
  await untilShown('2026-1');
  const email = 'noor@example.com';
  const agent = createAgent(gatehouse.issuer);
  const refused = await signUp(gatehouse, agent, email, { terms: '' });
  t.is(refused.status, 400);
  t.regex(errorOf(refused, 'terms') ?? '', /Accept the terms/);
  await signUp(gatehouse, agent, email, { terms: '2026-1' });
  const link = (await newestMail(gatehouse, email, 'confirm-sign-up')).link();
  const back = await agent.submit(await agent.get(link), 'Confirm and sign in');
  t.truthy((await tokensOf(gatehouse, await proceed(gatehouse, agent, back)))['id_token']);
  t.is((await findAccountByEmail(gatehouse.db, email))?.terms_version, '2026-1');

  await publish('2026-2');
  await untilShown('2026-2');
  const asked = await visit(gatehouse, agent);
  t.regex(mainText(asked), /They have changed.*This is 2026-2/s);
  const silent = await visit(gatehouse, agent, { prompt: 'none' });
  t.regex(silent.headers.get('Location') ?? '', /error=interaction_required/);
  const forged = await agent.submit(asked, 'Accept and continue', { version: '2026-1' });
  t.true(hasButton(forged, 'Accept and continue') || forged.status === 303);
  const page = await visit(gatehouse, agent);
  const accepted = hasButton(page, 'Accept and continue')
    ? await agent.submit(page, 'Accept and continue')
    : page;
  t.truthy((await tokensOf(gatehouse, await proceed(gatehouse, agent, accepted)))['id_token']);
  t.is((await findAccountByEmail(gatehouse.db, email))?.terms_version, '2026-2');
});

test('terms that merely inform are shown, and nobody is asked', async (t) => {
  await publish('2026-3', false);
  const form = await untilShown('2026-3');
  t.falsy(form.html.querySelector('input[name=terms]'));
  t.regex(mainText(form), /These terms apply/);
});
