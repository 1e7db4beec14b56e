// What a node keeps in memory is forgotten when another process changes it.
import test from 'ava';
import { blockAccount } from '../../src/accounts/block-account.ts';
import { runInUnitOfWork } from '../../src/storage/unit-of-work.ts';
import { refreshParams, sendTo, tokenRequest } from '../_at-node.ts';
import { type Nodes, startNodes } from '../_nodes.ts';
import { addAccount, addClient, signInFor } from '../_protocol.ts';
import { addKnownMachine, CHANGES, median, spread } from './_changes.ts';

let nodes: Nodes;
test.before(async () => {
  nodes = await startNodes({ count: 3 });
});
test.after.always(() => nodes?.stop());

for (const [name, { change, error }] of Object.entries(CHANGES))
  test.serial(`${name} is news to every node at once`, async (t) => {
    const took: number[] = [];
    for (let round = 0; round < 3; round += 1) {
      const client = await addKnownMachine(nodes);
      for (const answer of await spread(nodes, client, change)) {
        t.is(answer.error, error);
        took.push(answer.milliseconds);
      }
    }
    t.log(`median ${median(took).toFixed(0)} ms, longest ${Math.max(...took).toFixed(0)} ms`);
    // Without notifications it would be the two seconds of the poll, a second in the middle.
    t.true(median(took) < 500);
  });

test.serial('refreshing ends at once on every node', async (t) => {
  const account = await addAccount(nodes);
  const client = await addClient(nodes, {
    kind: 'spa',
    redirectUris: [{ uri: 'https://rp.example.com/callback', type: 'spa' }],
  });
  const tokens = await Promise.all(
    nodes.nodes.map(() =>
      signInFor(nodes, client, { scope: 'openid offline_access' }, { account }),
    ),
  );
  await runInUnitOfWork(nodes.db.knex, async (unit) => {
    await blockAccount(nodes.db, account.id, 'test');
    await unit.commit();
  });
  for (const [index, { port }] of nodes.nodes.entries()) {
    const params = refreshParams(tokens[index]?.['refresh_token']);
    const answer = await sendTo(nodes, port, '/token', tokenRequest(client, params));
    t.is(answer.body['error'], 'invalid_grant', answer.text);
    const headers = { Authorization: `Bearer ${tokens[index]?.['access_token']}` };
    t.is((await sendTo(nodes, port, '/userinfo', { headers })).status, 401);
  }
});

test.serial('a node whose listening was cut hears what it missed', async (t) => {
  const client = await addKnownMachine(nodes);
  const { rows } = await nodes.db.knex.raw(
    `SELECT count(pg_terminate_backend(pid))::int AS ended FROM pg_stat_activity
     WHERE datname = current_database() AND query LIKE 'LISTEN%'`,
  );
  t.true(rows[0].ended >= 3, String(rows[0].ended));
  const change = CHANGES['a disabled client']?.change;
  if (!change) throw new Error('no such change');
  for (const { error } of await spread(nodes, client, change)) t.is(error, 'invalid_client');
});
