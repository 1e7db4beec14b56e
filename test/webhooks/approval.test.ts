// The approval webhook: what it answers decides on a subscription, once.
import test from 'ava';
import { createApplication } from '../../src/applications/create-application.ts';
import { subscribe } from '../../src/applications/subscriptions/subscribe.ts';
import type { Application } from '../../src/storage/applications.ts';
import { findProduct, insertProduct } from '../../src/storage/products.ts';
import { runInUnitOfWork } from '../../src/storage/unit-of-work.ts';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { addAccount } from '../_protocol.ts';
import { environmentOf, run, runJson } from '../cli/_cli.ts';
import { answerWith, type Receiver, startReceiver, verifies } from './_receiver.ts';
import { addWebhook, deliveriesOf, runAttempts } from './_webhook.ts';

let gatehouse: Gatehouse;
let receiver: Receiver;
let webhook: { id: string; secret: string };
let owner: { id: string };
let application: Application;
test.before(async () => {
  gatehouse = await startGatehouse();
  receiver = await startReceiver();
  webhook = await addWebhook(gatehouse, receiver.url, '--approval');
  owner = await addAccount(gatehouse);
  ({ application } = await createApplication(
    { ...gatehouse.registration, maxApplications: 100, productName: 'Gatehouse' },
    { kind: 'account', accountId: owner.id },
    {
      ...{ kind: 'machine', name: 'Nightly', description: '', homepage: undefined },
      ...{ redirectUris: [], postLogoutRedirectUris: [], allowedCorsOrigins: [], productIds: [] },
    },
  ));
});
test.after.always(async () => {
  receiver?.close();
  await gatehouse?.stop();
});

let products = 0;

/** Submits a subscription to a new product with an approval policy, in a transaction as a request does. */
async function submit(approval: 'webhook' | 'person') {
  products += 1;
  const productId = await insertProduct(gatehouse.db, {
    ...{ name: `Product ${products}`, description: '', approval, ownerGroupId: undefined },
    ...{ quotaClass: undefined, terms: undefined, lifetimeDays: undefined },
    ...{ scopes: [], groupIds: [] },
  });
  const product = (await findProduct(gatehouse.db, productId))!;
  return runInUnitOfWork(gatehouse.db.knex, async (unit) => {
    const request = { application, product, environment: 'production' as const, note: '' };
    const actor = { kind: 'account' as const, accountId: owner.id };
    const { id } = await subscribe(gatehouse.db, actor, request);
    await unit.commit();
    return id;
  });
}

const stateOf = async (id: string) =>
  (await gatehouse.db.knex('subscriptions').where({ id }).first()).state;
const changesOf = (id: string) =>
  gatehouse.db.knex('subscription_changes').where({ subscription_id: id }).orderBy('id');
const decision = (body: object) => answerWith(200, JSON.stringify(body));

test.serial('approve and reject are taken, with their reason', async (t) => {
  receiver.answer = decision({ decision: 'approve', reason: 'paid' });
  const approved = await submit('webhook');
  await runAttempts(gatehouse);
  t.is(await stateOf(approved), 'active');
  const [, change] = await changesOf(approved);
  t.like(change, { state: 'active', actor: 'webhook', reason: 'paid' });
  const [message] = receiver.received;
  t.true(verifies(webhook.secret, message!));
  t.like(message!.event, { type: 'subscription.submitted', data: { subscription_id: approved } });
  t.is((await deliveriesOf(gatehouse, webhook.id))[0]?.outcome, 'answered 200; decided: approve');

  receiver.answer = decision({ decision: 'reject' });
  const rejected = await submit('webhook');
  await runAttempts(gatehouse);
  t.is(await stateOf(rejected), 'rejected');
  t.is((await changesOf(rejected))[1]?.reason, 'No reason was given.');
});

test.serial('any other answer leaves it submitted', async (t) => {
  const answers = [
    answerWith(202, '{"decision":"approve"}'),
    answerWith(204),
    answerWith(200),
    answerWith(200, 'approve'),
    decision({ decision: 'yes' }),
    decision({ decision: 'approve', reason: 'x'.repeat(1001) }),
  ];
  for (const answer of answers) {
    receiver.answer = answer;
    const id = await submit('webhook');
    await runAttempts(gatehouse);
    t.is(await stateOf(id), 'submitted');
    t.is((await deliveriesOf(gatehouse, webhook.id))[0]?.state, 'delivered');
  }
});

test.serial('a replay, and an answer that comes late, decide nothing twice', async (t) => {
  receiver.answer = decision({ decision: 'reject', reason: 'first' });
  const id = await submit('webhook');
  await runAttempts(gatehouse);
  receiver.answer = decision({ decision: 'approve', reason: 'second' });
  const [delivery] = await deliveriesOf(gatehouse, webhook.id);
  await runJson(['webhooks', 'replay', delivery?.id ?? ''], environmentOf(gatehouse.config));
  await runAttempts(gatehouse);
  t.is(await stateOf(id), 'rejected');
  t.is((await changesOf(id)).length, 2);
  t.is(
    (await deliveriesOf(gatehouse, webhook.id))[0]?.outcome,
    'answered 200; not decided: This subscription was rejected.',
  );
  const told = await gatehouse.db.knex('events').whereRaw("data->>'subscription_id' = ?", [id]);
  t.is(told.length, 2);
});

test.serial('a product that people decide on is none of its business', async (t) => {
  receiver.answer = decision({ decision: 'approve' });
  const before = receiver.received.length;
  const id = await submit('person');
  await runAttempts(gatehouse);
  t.is(receiver.received.length, before);
  t.is(await stateOf(id), 'submitted');
});

test.serial('there is one that decides', async (t) => {
  const args = ['webhooks', 'add', '--url', receiver.url, '--approval'];
  const { code, stderr } = await run(args, environmentOf(gatehouse.config));
  t.is(code, 1);
  t.regex(stderr, /There is a webhook that decides on subscriptions already/);
});
