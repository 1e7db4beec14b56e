// Deliveries by real server processes: once each, also when a node dies in the middle, and without
// holding up anything else when receivers hang.
import test from 'ava';
import { insertEvent } from '../../src/storage/events.ts';
import { queueJob, releaseLostJobs } from '../../src/storage/queued-jobs.ts';
import { insertWebhook } from '../../src/storage/webhooks.ts';
import { createWebhookSecret } from '../../src/webhooks/webhook-secret.ts';
import { type Nodes, startNodes } from '../_nodes.ts';
import { eventually } from '../_protocol.ts';
import { startReceiver } from './_receiver.ts';

let server: Nodes;
test.before(async () => {
  server = await startNodes({ count: 2 });
});
test.after.always(() => server?.stop());

async function receiverOf(t: { teardown(end: () => void): void }, ...events: string[]) {
  const receiver = await startReceiver();
  t.teardown(receiver.close);
  const { sealed } = createWebhookSecret(server.secrets.encryptionKeys);
  const webhook = await insertWebhook(server.db, {
    ...{ url: receiver.url, description: '', events, secret: sealed },
    ...{ approval: false, private_network: false },
  });
  return { receiver, webhook };
}

const stateOf = async (webhookId: string) => {
  const rows = await server.db.knex('webhook_deliveries').where({ webhook_id: webhookId });
  return rows.map(({ state, attempts }) => `${state} ${attempts}`);
};
const failures = () =>
  server.nodes.flatMap(({ process }) =>
    process
      .output()
      .split('\n')
      .filter((line) => line.includes('"task":"deliver-webhook"')),
  ).length;
const isAll = (state: string) => (states: string[]) => states.every((one) => one === state);

test.serial('two nodes make each delivery once', async (t) => {
  const { receiver, webhook } = await receiverOf(t, 'credential.created');
  const numbers = Array.from({ length: 10 }, (_, number) => number);
  const tell = (number: number) =>
    insertEvent(server.db, { type: 'credential.created', data: { number } });
  await Promise.all(numbers.map(tell));
  const states = await eventually(() => stateOf(webhook.id), isAll('delivered 1'));
  t.deepEqual(states, Array(10).fill('delivered 1'));
  const told = receiver.received.map(({ event }) => Number(event.data['number']));
  t.deepEqual(
    [...new Set(told)].toSorted((a, b) => a - b),
    numbers,
  );
  // What could not be written down is done again; on a machine that is not overloaded, nothing.
  t.true(told.length <= 10 + failures(), `${told}`);
});

test.serial('receivers that hang hold up neither another one nor other jobs', async (t) => {
  const hanging = await Promise.all([1, 2, 3].map(() => receiverOf(t, 'application.created')));
  const held: (() => void)[] = [];
  for (const { receiver } of hanging)
    receiver.answer = (response) => void held.push(() => response.end());
  for (let count = 0; count < 5; count += 1)
    await insertEvent(server.db, { type: 'application.created', data: {} });
  await eventually(
    async () => held.length,
    (length) => length >= 6,
  );
  const well = await receiverOf(t, 'credential.retired');
  await insertEvent(server.db, { type: 'credential.retired', data: {} });
  await queueJob(server.db, 'erase-accounts', {});
  const told = await eventually(
    async () => well.receiver.received.length,
    (length) => length === 1,
  );
  const jobsLeft = await eventually(
    async () =>
      (
        await server.db.knex.raw(
          "SELECT count(*)::int AS n FROM graphile_worker.jobs WHERE task_identifier = 'erase-accounts'",
        )
      ).rows[0].n,
    (left) => left === 0,
  );
  // They still hang: nobody waited for them.
  t.deepEqual([told, jobsLeft], [1, 0]);
  t.deepEqual(await stateOf(hanging[0]!.webhook.id), Array(5).fill('pending 0'));
  for (const { receiver } of hanging) receiver.answer = (response) => void response.end();
  for (const release of held) release();
});

test.serial(
  'a node that is killed between the attempt and its record delivers again',
  async (t) => {
    const { receiver, webhook } = await receiverOf(t, 'subscription.activated');
    let killed: Promise<unknown> | undefined;
    const ids = new Set<string>();
    receiver.answer = (response) => {
      if (killed) return void response.end();
      // Whichever node it was: both die, the answer is lost.
      killed = Promise.all(server.nodes.map(({ process }) => process.stop('SIGKILL')));
      void killed.then(() => response.end());
    };
    await insertEvent(server.db, { type: 'subscription.activated', data: {} });
    await eventually(
      async () => killed !== undefined,
      (begun) => begun,
    );
    await killed;
    t.deepEqual(await stateOf(webhook.id), ['pending 0']);
    // Five minutes later the jobs of a dead node are given to others.
    await server.db.knex.raw(
      "UPDATE graphile_worker._private_jobs SET locked_at = now() - interval '6 minutes'",
    );
    await releaseLostJobs(server.db);
    await Promise.all(server.nodes.map((node) => node.restart()));
    t.deepEqual(await eventually(() => stateOf(webhook.id), isAll('delivered 1')), ['delivered 1']);
    for (const { headers } of receiver.received) ids.add(headers['webhook-id'] ?? '');
    t.is(receiver.received.length, 2);
    t.is(ids.size, 1);
  },
);
