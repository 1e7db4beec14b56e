// The people of an application hear before a credential expires: twice, each time once.
import { remindOfExpiry } from '../../../src/applications/credentials/expire-credentials.ts';
import { createOutbox } from '../../../src/mail/outbox.ts';
import { type Gatehouse, startGatehouse } from '../../_gatehouse.ts';
import { receiveMail } from '../../_mail.ts';
import { test } from '../../_one-at-a-time.ts';
import { addAccount } from '../../_protocol.ts';
import { addApplication } from '../_application.ts';
import { rowOf, withNewSecret } from './_credentials.ts';

let gatehouse: Gatehouse;
test.before(async () => {
  gatehouse = await startGatehouse();
});
test.after.always(() => gatehouse?.stop());

/** Makes the credential expire in so many days, as if time had passed. */
async function age(id: string, days: number): Promise<void> {
  const { knex } = gatehouse.db;
  await knex('credentials')
    .where({ id })
    .update({
      created_at: knex.raw("now() - interval '200 days'"),
      expires_at: knex.raw("now() + ? * interval '1 day'", [days]),
      reminded_at: knex.raw("reminded_at - interval '12 days'"),
    });
}

async function remind(): Promise<void> {
  const { db, issuer, config } = gatehouse;
  const outbox = createOutbox({ db, encryptionKeys: config.secrets.encryptionKeys });
  // Two nodes at once: each mail is written once.
  await Promise.all([1, 2].map(() => remindOfExpiry({ db, outbox, issuer })));
}

test('all members hear 14 days and 2 days before, in their language, and once each', async (t) => {
  const [owner, member] = [await addAccount(gatehouse), await addAccount(gatehouse)];
  const { client, application } = await addApplication(gatehouse, { ownerId: owner.id });
  const { knex } = gatehouse.db;
  await knex('application_members').insert({
    application_id: application.id,
    account_id: member.id,
  });
  await knex('accounts').where({ id: member.id }).update({ preferred_language: 'de' });
  const second = await withNewSecret(gatehouse, client, { name: 'spring', expiresInDays: 365 });
  const heard = async ({ email }: { email: string }) =>
    (await receiveMail(gatehouse, email)).filter(({ kind }) => kind === 'credential-expiring');

  for (const [days, mails] of [
    [15, 0],
    [13.9, 1],
    [1.9, 2],
  ] as const) {
    await age(second.credential_id, days);
    for (let twice = 0; twice < 2; twice += 1) await remind();
    t.is((await heard(owner)).length, mails, `${days} days`);
    t.is((await heard(member)).length, mails, `${days} days`);
  }
  const [english] = await heard(owner);
  t.regex(english?.subject ?? '', /^Trucks: the credential “spring” expires on /);
  t.is(english?.link(), `${gatehouse.issuer}/applications/${application.id}/credentials`);
  const [german] = await heard(member);
  t.regex(german?.subject ?? '', /^Trucks: Der Zugang „spring“ läuft am /);
  t.false(`${english?.text}`.includes(second.client_secret ?? 'none'));
  const told = await knex('events')
    .where({ type: 'credential.expiring' })
    .whereRaw("data->>'credential_id' = ?", [second.credential_id]);
  t.is(told.length, 2);
});

test('nobody hears of one that was retired, or made for a day', async (t) => {
  const owner = await addAccount(gatehouse);
  const { client } = await addApplication(gatehouse, { ownerId: owner.id });
  const short = await withNewSecret(gatehouse, client, { expiresInDays: 1 });
  const retired = await withNewSecret(gatehouse, client, { expiresInDays: 365 });
  await age(retired.credential_id, 1);
  await gatehouse.db
    .knex('credentials')
    .where({ id: retired.credential_id })
    .update({ retired_at: gatehouse.db.knex.fn.now() });
  await remind();
  t.deepEqual(await receiveMail(gatehouse, owner.email), []);
  t.is((await rowOf(gatehouse, short.credential_id)).reminded_at, null);
});
