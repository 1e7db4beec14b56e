// What a node keeps in memory is forgotten when another process changes it.
import { blockAccount } from '../../src/accounts/block-account.ts';
import { runInUnitOfWork } from '../../src/storage/unit-of-work.ts';
import { refreshParams, sendTo, tokenRequest } from '../_at-node.ts';
import { type Nodes, startNodes } from '../_nodes.ts';
import { test } from '../_one-at-a-time.ts';
import { addAccount, addClient, signInFor } from '../_protocol.ts';
import { CHANGES, expireSecrets, prepareMachine } from './_changes.ts';
import { cutListening, describe, spread, spreadByNotification } from './_spread.ts';

/** No answer is older than that, whatever got lost. */
const MAX_STALE_MS = 5000;

let nodes: Nodes;
test.before(async () => {
  nodes = await startNodes({ count: 3 });
});
test.after.always(() => nodes?.stop());

for (const [name, arrange] of Object.entries(CHANGES))
  test(`${name} is news to every node before it asks`, async (t) => {
    const { deaf, milliseconds } = await spreadByNotification(nodes, arrange);
    t.deepEqual(deaf, []);
    t.log(describe(milliseconds));
  });

test('a secret ends at its time on every node that remembers it, without news', async (t) => {
  const { machine, ask } = await prepareMachine(nodes);
  const heard = await spread(nodes, {
    make: () => expireSecrets(nodes, machine, 2),
    ask,
    isKnown: ({ body }) => body['error'] === 'invalid_client',
  });
  t.is(heard.length, nodes.nodes.length);
});

test('a blocked account refreshes nothing more, on no node', async (t) => {
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

test('nodes whose listening was cut hear what they missed, and then listen again', async (t) => {
  const change = await CHANGES['a disabled client'](nodes);
  let cut = 0;
  const heard = await spread(nodes, {
    ...change,
    async make() {
      cut = await cutListening(nodes);
      await change.make();
    },
  });
  t.is(cut, nodes.nodes.length);
  for (const { staleMilliseconds } of heard) t.true(staleMilliseconds < MAX_STALE_MS);
  t.log(describe(heard.map(({ milliseconds }) => milliseconds)));
  const { deaf } = await spreadByNotification(nodes, CHANGES['a disabled client']);
  t.deepEqual(deaf, []);
});
