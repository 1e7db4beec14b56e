// Decisions on subscriptions: who may, who wins a race, who is told, and what becomes of the client.

import {
  decide,
  resumeSubscription,
  suspendSubscription,
} from '../../src/applications/subscriptions/decide.ts';
import {
  cancelSubscription,
  expireSubscriptions,
} from '../../src/applications/subscriptions/end-subscription.ts';
import { findApplicationClients } from '../../src/storage/clients.ts';
import { addToGroups, insertGroup } from '../../src/storage/groups.ts';
import type { Subscription } from '../../src/storage/subscriptions.ts';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { receiveMail } from '../_mail.ts';
import { test } from '../_one-at-a-time.ts';
import { addAccount } from '../_protocol.ts';
import { committed, ordersApi } from './_application.ts';
import { addAdmin, askForProduction, reload } from './_decisions.ts';

let gatehouse: Gatehouse;
test.before(async () => {
  gatehouse = await startGatehouse();
});
test.after.always(() => gatehouse?.stop());

const account = (accountId: string) => ({ kind: 'account', accountId }) as const;
const OPERATOR = { kind: 'operator' } as const;

function decideAs(
  actor: Parameters<typeof decide>[1],
  subscription: Subscription,
  decision: 'approve' | 'reject' = 'approve',
  reason = decision === 'reject' ? 'No contract' : '',
) {
  return committed(gatehouse, () =>
    decide(gatehouse.registration, actor, { subscription, decision, reason }),
  );
}

/** The mails to an address whose link leads to the request. */
async function kindsAbout(email: string, { id }: Subscription) {
  const mails = await receiveMail(gatehouse, email);
  return mails.filter(({ text }) => text.includes(`/approvals/${id}`)).map(({ kind }) => kind);
}

async function addGroup(...members: string[]) {
  const group = await insertGroup(gatehouse.db, {
    name: `team-${crypto.randomUUID()}`,
    description: undefined,
  });
  for (const id of members) await addToGroups(gatehouse.db, id, [group.id]);
  return group.id;
}

test('approving creates the production client, without a secret, and tells the owners', async (t) => {
  const admin = await addAdmin(gatehouse);
  const owner = await addAccount(gatehouse);
  const asked = await askForProduction(gatehouse, { kind: 'web', ownerId: owner.id });
  t.is(asked.subscription.state, 'submitted');
  t.is((await findApplicationClients(gatehouse.db, asked.application.id)).production, undefined);
  t.deepEqual(await kindsAbout(admin.email, asked.subscription), ['subscription-submitted']);

  await decideAs(account(admin.id), asked.subscription);
  t.is((await reload(gatehouse, asked.subscription)).state, 'active');
  const { production } = await findApplicationClients(gatehouse.db, asked.application.id);
  t.deepEqual(
    production?.redirectUris.map(({ uri }) => uri),
    ['https://app.example.com/callback'],
  );
  t.deepEqual(production?.secretHashes, []);
  const [news] = await receiveMail(gatehouse, owner.email);
  t.is(news?.kind, 'subscription-activated');
  const query = await gatehouse.db.query();
  const events = await query('events')
    .whereRaw("data->>'subscription_id' = ?", [asked.subscription.id])
    .orderBy('created_at');
  t.deepEqual(
    events.map(({ type }) => type),
    ['subscription.submitted', 'subscription.activated'],
  );
});

test('a rejection needs a reason, which the owners read', async (t) => {
  const owner = await addAccount(gatehouse);
  const asked = await askForProduction(gatehouse, { ownerId: owner.id });
  await t.throwsAsync(decideAs(OPERATOR, asked.subscription, 'reject', ' '), {
    message: /Write why/,
  });
  t.is((await reload(gatehouse, asked.subscription)).state, 'submitted');
  await decideAs(OPERATOR, asked.subscription, 'reject');
  t.is((await reload(gatehouse, asked.subscription)).state, 'rejected');
  const [mail] = await receiveMail(gatehouse, owner.email);
  t.is(mail?.kind, 'subscription-rejected');
  t.regex(mail?.text ?? '', /No contract/);
  t.is((await findApplicationClients(gatehouse.db, asked.application.id)).production, undefined);
});

test('who decides: administrators, the owner group, or whoever owns every API of the product', async (t) => {
  const [one, both, group, stranger] = [
    await addAccount(gatehouse),
    await addAccount(gatehouse),
    await addAccount(gatehouse),
    await addAccount(gatehouse),
  ];
  const query = await gatehouse.db.query();
  const sandboxTeam = await addGroup(one.id, both.id);
  const productionTeam = await addGroup(both.id);
  await query('apis')
    .where({ id: ordersApi(gatehouse, 'sandbox').id })
    .update({ owner_group_id: sandboxTeam });
  await query('apis')
    .where({ id: ordersApi(gatehouse, 'production').id })
    .update({ owner_group_id: productionTeam });
  const ownerGroupId = await addGroup(group.id);
  const unowned = await askForProduction(gatehouse);
  const owned = await askForProduction(gatehouse, { product: { ownerGroupId } });
  for (const person of [one, stranger, group])
    await t.throwsAsync(decideAs(account(person.id), unowned.subscription), {
      message: /Nothing lives/,
    });
  for (const person of [one, both, stranger])
    await t.throwsAsync(decideAs(account(person.id), owned.subscription), {
      message: /Nothing lives/,
    });
  await decideAs(account(both.id), unowned.subscription);
  await decideAs(account(group.id), owned.subscription);
  t.is((await reload(gatehouse, owned.subscription)).state, 'active');
  await query('apis').update({ owner_group_id: null });
});

test('nobody decides on what an application of theirs asks for, administrators included', async (t) => {
  const admin = await addAdmin(gatehouse);
  const asked = await askForProduction(gatehouse, { ownerId: admin.id });
  await t.throwsAsync(decideAs(account(admin.id), asked.subscription), {
    message: /one of the owners/,
  });
  t.is((await reload(gatehouse, asked.subscription)).state, 'submitted');
  t.deepEqual(await kindsAbout(admin.email, asked.subscription), []);
});

test('what waits for a webhook or for the portal is decided by that alone, or by an operator', async (t) => {
  const admin = await addAdmin(gatehouse);
  const webhook = await askForProduction(gatehouse, { product: { approval: 'webhook' } });
  const delegation = await askForProduction(gatehouse, { product: { approval: 'delegation' } });
  for (const { subscription } of [webhook, delegation])
    await t.throwsAsync(decideAs(account(admin.id), subscription), { message: /Another system/ });
  await t.throwsAsync(decideAs({ kind: 'webhook' }, delegation.subscription), {
    message: /Another/,
  });
  await t.throwsAsync(decideAs({ kind: 'delegation' }, webhook.subscription), {
    message: /Another/,
  });
  await decideAs({ kind: 'webhook' }, webhook.subscription);
  await decideAs({ kind: 'delegation' }, delegation.subscription);
  t.is((await reload(gatehouse, delegation.subscription)).state, 'active');
  // Nobody waits for a person.
  for (const { subscription } of [webhook, delegation])
    t.deepEqual(await kindsAbout(admin.email, subscription), []);
});

test('of two who decide at once, and of an approval and a cancellation, one wins', async (t) => {
  for (let round = 0; round < 6; round += 1) {
    const asked = await askForProduction(gatehouse);
    const cancel = () =>
      committed(gatehouse, () =>
        cancelSubscription(gatehouse.db, account(asked.ownerId), {
          subscription: asked.subscription,
          reason: '',
        }),
      );
    const outcomes = await Promise.allSettled([
      decideAs(OPERATOR, asked.subscription),
      decideAs(OPERATOR, asked.subscription, 'reject'),
      decideAs(OPERATOR, asked.subscription),
      cancel(),
    ]);
    const { state } = await reload(gatehouse, asked.subscription);
    const query = await gatehouse.db.query();
    const changes = await query('subscription_changes')
      .where({ subscription_id: asked.subscription.id })
      .orderBy('id');
    const states = changes.map((row) => row.state);
    t.is(states.at(-1), state);
    // An approval that came first can still be cancelled; nothing else has a second step.
    t.true(
      [
        ['submitted', 'active'],
        ['submitted', 'rejected'],
        ['submitted', 'cancelled'],
        ['submitted', 'active', 'cancelled'],
      ].some((path) => path.join() === states.join()),
      states.join(),
    );
    for (const outcome of outcomes)
      if (outcome.status === 'rejected')
        t.regex(String(outcome.reason.message), /^This subscription (is|was) /);
    const { production } = await findApplicationClients(gatehouse.db, asked.application.id);
    t.is(production !== undefined, states.includes('active'));
  }
});

test('a subscription is suspended, resumed, and ends when its time is up', async (t) => {
  const owner = await addAccount(gatehouse);
  const asked = await askForProduction(gatehouse, {
    ...{ ownerId: owner.id, product: { lifetimeDays: 30 } },
  });
  const active = await decideAs(OPERATOR, asked.subscription);
  const days = (Number(active.expiresAt) - Date.now()) / 86_400_000;
  t.true(days > 29.9 && days < 30.1);
  const act = (work: typeof suspendSubscription, reason: string) =>
    committed(gatehouse, () =>
      work(gatehouse.db, OPERATOR, { subscription: asked.subscription, reason }),
    );
  await t.throwsAsync(act(suspendSubscription, ''), { message: /Write why/ });
  t.is((await act(suspendSubscription, 'Too many calls')).state, 'suspended');
  await t.throwsAsync(act(suspendSubscription, 'Again'), { message: /is suspended/ });
  t.is((await act(resumeSubscription, '')).state, 'active');
  t.is(await expireSubscriptions(gatehouse.db), 0);
  const query = await gatehouse.db.query();
  await query('subscriptions')
    .where({ id: asked.subscription.id })
    .update({ expires_at: query.fn.now() });
  t.is(await expireSubscriptions(gatehouse.db), 1);
  t.is((await reload(gatehouse, asked.subscription)).state, 'expired');
  await t.throwsAsync(act(resumeSubscription, ''), { message: /has expired/ });
  const mails = await receiveMail(gatehouse, owner.email);
  t.deepEqual(
    mails.map(({ kind }) => kind).filter((kind) => kind.startsWith('subscription')),
    [
      ...['subscription-expired', 'subscription-resumed'],
      ...['subscription-suspended', 'subscription-activated'],
    ],
  );
});

test('an application that is suspended or deleted is approved nothing', async (t) => {
  const asked = await askForProduction(gatehouse);
  const query = await gatehouse.db.query();
  await query('applications')
    .where({ id: asked.application.id })
    .update({ erase_at: query.fn.now() });
  await t.throwsAsync(decideAs(OPERATOR, asked.subscription), { message: /suspended or deleted/ });
  t.is((await reload(gatehouse, asked.subscription)).state, 'submitted');
});
