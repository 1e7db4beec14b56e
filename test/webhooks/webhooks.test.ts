// Webhooks against real receivers: what they are sent, what is tried again, and what the log says.
import { createHmac } from 'node:crypto';
import test from 'ava';
import { blockAccount } from '../../src/accounts/block-account.ts';
import { insertEvent } from '../../src/storage/events.ts';
import { pruneExpired } from '../../src/storage/pruning.ts';
import { runInUnitOfWork } from '../../src/storage/unit-of-work.ts';
import { findDueDelivery } from '../../src/storage/webhook-deliveries.ts';
import { createWebhookFetches, deliver } from '../../src/webhooks/deliver.ts';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { addAccount } from '../_protocol.ts';
import { type Environment, environmentOf, run, runJson } from '../cli/_cli.ts';
import { answerWith, startReceiver, verifies } from './_receiver.ts';
import { addWebhook, deliveriesOf, runAttempts } from './_webhook.ts';

let gatehouse: Gatehouse;
let env: Environment;
test.before(async () => {
  gatehouse = await startGatehouse();
  env = environmentOf(gatehouse.config);
});
test.after.always(() => gatehouse?.stop());

const tell = (type: string, data = {}) => insertEvent(gatehouse.db, { type, data });

/** A receiver of a test's own, told of one group of events. */
async function receiverOf(t: { teardown(end: () => void): void }, ...events: string[]) {
  const receiver = await startReceiver();
  t.teardown(receiver.close);
  const webhook = await addWebhook(gatehouse, receiver.url, '--event', ...events);
  return { receiver, ...webhook };
}

test.serial('the secret is shown once, and a test message is what the standard says', async (t) => {
  const { receiver, id, secret } = await receiverOf(t, 'credential.retired');
  t.regex(id, /^wh_[0-9a-f]{24}$/);
  t.regex(secret, /^whsec_[A-Za-z0-9+/]{43}=$/);
  const tested = await runJson(['webhooks', 'test', id], env);
  t.is(tested['result'], 'delivered');
  const [message] = receiver.received;
  t.true(verifies(secret, message!));
  t.deepEqual(message!.event.data, { webhook_id: id });
  t.is(message!.event.type, 'webhook.test');
  t.deepEqual(Object.keys(message!.event), ['type', 'timestamp', 'data']);
  t.is(message!.headers['content-type'], 'application/json');
  // By hand, as somebody without the library does.
  const { 'webhook-id': messageId, 'webhook-timestamp': time } = message!.headers;
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
  const mac = createHmac('sha256', key).update(`${messageId}.${time}.${message!.body}`);
  t.is(message!.headers['webhook-signature'], `v1,${mac.digest('base64')}`);

  const shown = await run(['webhooks', 'show', id], env);
  const listed = await run(['webhooks', 'list', '--json'], env);
  const [row] = await gatehouse.db.knex('webhooks').where({ id });
  for (const text of [shown.stdout, listed.stdout, JSON.stringify(row), String(row.secret)])
    t.false(text.includes(secret.slice(6, 30)), text);
  t.is(shown.code, 0);
});

test.serial('an event is told in the transaction of its cause, to those who want it', async (t) => {
  const { receiver, secret } = await receiverOf(t, 'account.*');
  const other = await receiverOf(t, 'subscription.activated');
  const all = await receiverOf(t, '*');
  const account = await addAccount(gatehouse);
  await blockAccount(gatehouse.db, account.id, 'test');
  await runInUnitOfWork(gatehouse.db.knex, async (unit) => {
    await tell('account.never');
    await tell('subscription.activated');
    await unit.rollback();
  });
  await runAttempts(gatehouse);
  t.deepEqual(receiver.types().toSorted(), ['account.blocked', 'account.created']);
  t.deepEqual(all.receiver.types().toSorted(), ['account.blocked', 'account.created']);
  t.deepEqual(other.receiver.types(), []);
  t.true(receiver.received.every((message) => verifies(secret, message)));
  const blocked = receiver.received.find(({ event }) => event.type === 'account.blocked');
  t.deepEqual(blocked?.event.data, { account_id: account.id, state: 'blocked' });
  t.true(Math.abs(Date.parse(blocked?.event.timestamp ?? '') - Date.now()) < 60_000);
});

test.serial('every change of an account is told, whichever way it comes', async (t) => {
  const { receiver } = await receiverOf(t, 'account.*');
  const { id } = await addAccount(gatehouse);
  const steps = [
    'pending',
    'active',
    'blocked',
    'active',
    'deleted',
    'active',
    'active',
    'deleted',
  ];
  for (const state of steps) await gatehouse.db.knex('accounts').where({ id }).update({ state });
  await gatehouse.db.knex('accounts').where({ id }).delete();
  const told = await gatehouse.db.knex('events').whereRaw("data->>'account_id' = ?", [id]);
  const counts: Record<string, number> = {};
  for (const { type } of told) counts[type] = (counts[type] ?? 0) + 1;
  t.deepEqual(counts, {
    'account.created': 1,
    'account.activated': 1,
    'account.blocked': 1,
    'account.unblocked': 1,
    'account.deleted': 2,
    'account.restored': 1,
    'account.erased': 1,
  });
  await runAttempts(gatehouse);
  t.is(receiver.received.length, 8);
});

test.serial('what is not taken is tried again with the same id, and then given up', async (t) => {
  const { receiver, id, secret } = await receiverOf(t, 'credential.*');
  receiver.answer = answerWith(302, '', { Location: receiver.url });
  await tell('credential.retired', { credential_id: 'cr_1' });
  await runAttempts(gatehouse);
  receiver.answer = answerWith(500, `out of order ${'x'.repeat(5000)}`);
  await runAttempts(gatehouse);
  receiver.answer = (response) => response.destroy();
  await runAttempts(gatehouse);
  receiver.answer = answerWith(204);
  await runAttempts(gatehouse);
  await runAttempts(gatehouse);
  t.is(receiver.received.length, 4);
  t.is(new Set(receiver.received.map(({ headers }) => headers['webhook-id'])).size, 1);
  t.is(new Set(receiver.received.map(({ body }) => body)).size, 1);
  t.true(receiver.received.every((message) => verifies(secret, message)));
  const [delivery] = await deliveriesOf(gatehouse, id);
  t.like(delivery, { type: 'credential.retired', state: 'delivered', attempts: 4 });
  const { attempts_made: attempts } = await runJson<{
    attempts_made: {
      outcome: string;
      status: number | null;
      response: string;
      duration_ms: number;
    }[];
  }>(['webhooks', 'deliveries', delivery?.id ?? ''], env);
  const { host } = new URL(receiver.url);
  t.deepEqual(
    attempts.map(({ outcome }) => outcome),
    ['answered 302', 'answered 500', `${host} broke the connection off.`, 'answered 204'],
  );
  t.is(attempts[1]?.response.length, 1000);
  t.is(attempts[2]?.status, null);

  receiver.answer = answerWith(503);
  await tell('credential.expired');
  for (let attempt = 0; attempt < 15; attempt += 1) await runAttempts(gatehouse);
  t.is(receiver.types().filter((type) => type === 'credential.expired').length, 13);
  const [failed] = await deliveriesOf(gatehouse, id);
  t.like(failed, { state: 'failed', attempts: 13, outcome: 'answered 503' });
  const { stdout } = await run(['webhooks', 'show', id], env);
  t.regex(stdout, /state +failing since 20/);

  // By delivery, with the id that the receiver knows.
  receiver.answer = answerWith(200);
  await runJson(['webhooks', 'replay', failed?.id ?? ''], env);
  await runAttempts(gatehouse);
  t.is(receiver.received.at(-1)?.headers['webhook-id'], failed?.event_id);
  t.regex((await run(['webhooks', 'show', id], env)).stdout, /state +enabled/);
});

test.serial('410 disables at once; what was missed is replayed by time', async (t) => {
  const { receiver, id } = await receiverOf(t, 'application.*');
  receiver.answer = answerWith(410);
  const since = new Date().toISOString();
  await tell('application.created', { number: 1 });
  await tell('credential.created', { number: 2 });
  await runAttempts(gatehouse);
  await tell('application.deleted', { number: 3 });
  await runAttempts(gatehouse);
  t.is(receiver.received.length, 1);
  t.regex((await run(['webhooks', 'show', id], env)).stdout, /state +disabled \(gone\)/);
  const audit = await gatehouse.db.knex('audit_events').where({ type: 'webhook.disabled' });
  t.deepEqual(audit.at(-1).detail, { webhook_id: id, reason: 'gone' });
  const refused = await run(['webhooks', 'replay', id, '--since', since], env);
  t.regex(refused.stderr, /is disabled: `gatehouse webhooks enable wh_/);

  receiver.answer = answerWith(200);
  await run(['webhooks', 'enable', id], env);
  t.deepEqual(await runJson(['webhooks', 'replay', id, '--since', since], env), { queued: 2 });
  await runAttempts(gatehouse);
  const numbers = receiver.received.slice(1).map(({ event }) => event.data['number']);
  t.deepEqual(numbers.toSorted(), [1, 3]);
});

test.serial('who takes nothing for five days is disabled', async (t) => {
  const { receiver, id } = await receiverOf(t, 'subscription.cancelled');
  receiver.answer = answerWith(500);
  await tell('subscription.cancelled');
  await tell('subscription.cancelled');
  await runAttempts(gatehouse);
  const age = 'UPDATE webhooks SET failing_since = now() - ?::interval WHERE id = ?';
  await gatehouse.db.knex.raw(age, ['4 days 23 hours', id]);
  await runAttempts(gatehouse);
  t.regex((await run(['webhooks', 'show', id], env)).stdout, /state +failing since/);
  await gatehouse.db.knex.raw(age, ['5 days 1 minute', id]);
  await runAttempts(gatehouse);
  t.regex((await run(['webhooks', 'show', id], env)).stdout, /state +disabled \(failing\)/);
  const before = receiver.received.length;
  await runAttempts(gatehouse);
  t.is(receiver.received.length, before);
  const states = (await deliveriesOf(gatehouse, id)).map(({ state }) => state);
  t.deepEqual(states, ['failed', 'failed']);
});

test.serial('two secrets sign while one replaces the other', async (t) => {
  const { receiver, id, secret } = await receiverOf(t, 'subscription.resumed');
  const rotated = await runJson<{ secret: string }>(['webhooks', 'rotate-secret', id], env);
  await tell('subscription.resumed');
  await runAttempts(gatehouse);
  const [both] = receiver.received;
  t.deepEqual([verifies(secret, both!), verifies(rotated.secret, both!)], [true, true]);
  await gatehouse.db
    .knex('webhooks')
    .where({ id })
    .update({ former_expires_at: new Date(0) });
  await tell('subscription.resumed');
  await runAttempts(gatehouse);
  const last = receiver.received.at(-1);
  t.deepEqual([verifies(secret, last!), verifies(rotated.secret, last!)], [false, true]);
});

test.serial('T-47 no receiver inside our own network, unless an operator says so', async (t) => {
  const { receiver, id } = await receiverOf(t, 'subscription.expired');
  await tell('subscription.expired');
  const { id: delivery } = (await deliveriesOf(gatehouse, id))[0] ?? { id: '' };
  const fetchFor = createWebhookFetches({ privateNetwork: false, insecure: true });
  const { encryptionKeys } = gatehouse.config.secrets;
  const decide = async () => undefined;
  const deps = { db: gatehouse.db, encryptionKeys, fetchFor, decide };
  const due = async () => (await findDueDelivery(gatehouse.db, delivery))!;
  const { sent } = await deliver(deps, await due());
  t.regex(sent.attempt.outcome, /is not asked: its address is private or reserved/);
  t.is(receiver.received.length, 0);
  await run(['webhooks', 'set', id, '--private-network'], env);
  t.is((await deliver(deps, await due())).sent.result, 'delivered');
});

test.serial('what cannot be a webhook is refused with a sentence', async (t) => {
  const refusals: [string[], RegExp][] = [
    [['--url', 'ftp://a.example.com/', '--event', '*'], /is no URL that begins with https/],
    [['--url', 'https://a:b@a.example.com/', '--event', '*'], /must not hold a user name/],
    [['--url', 'https://a.example.com/#x', '--event', '*'], /must not have a fragment/],
    [['--url', 'https://a.example.com/', '--event', 'token.issued'], /token.issued is no event/],
    [['--url', 'https://a.example.com/'], /Name at least one event/],
  ];
  for (const [args, sentence] of refusals) {
    const { code, stderr } = await run(['webhooks', 'add', ...args], env);
    t.is(code, 1, args.join(' '));
    t.regex(stderr, sentence);
  }
  const unknown = await run(['webhooks', 'show', 'wh_none'], env);
  t.deepEqual([unknown.code, unknown.stderr], [1, 'There is no webhook wh_none.\n']);
});

test.serial('the log is kept for 30 days; a removed webhook leaves nothing', async (t) => {
  const { id } = await receiverOf(t, 'credential.created');
  await tell('credential.created');
  await tell('credential.created');
  await runAttempts(gatehouse);
  const [old] = await deliveriesOf(gatehouse, id);
  await gatehouse.db.knex.raw(
    "UPDATE events SET created_at = now() - interval '31 days' WHERE id = ?",
    [old?.event_id ?? ''],
  );
  await pruneExpired(gatehouse.db, () => undefined);
  const left = await deliveriesOf(gatehouse, id);
  t.is(left.length, 1);
  t.not(left[0]?.event_id, old?.event_id);
  await run(['webhooks', 'remove', id], env);
  const { rows } = await gatehouse.db.knex.raw(
    'SELECT count(*)::int AS n FROM webhook_deliveries WHERE webhook_id = ?',
    [id],
  );
  t.is(rows[0].n, 0);
});
