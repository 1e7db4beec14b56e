// Three server processes: a rotation under load loses no request, and what is told dies everywhere.
import {
  restoreCredential,
  resumeCredential,
  retireCredential,
  suspendCredential,
} from '../../../src/applications/credentials/change-credential.ts';
import { listCredentials } from '../../../src/storage/credentials.ts';
import { sendTo, tokenRequest } from '../../_at-node.ts';
import { type Node, type Nodes, startNodes } from '../../_nodes.ts';
import { test } from '../../_one-at-a-time.ts';
import { basic, eventually, type TestClient } from '../../_protocol.ts';
import { describe, spreadByNotification } from '../../caches/_spread.ts';
import { addApplication, committed } from '../_application.ts';
import { CREDENTIALS, OPERATOR, rowOf, withNewSecret } from './_credentials.ts';

const WORKERS = 6;
const ROTATIONS = 5;

let nodes: Nodes;
test.before(async () => {
  nodes = await startNodes({ count: 3 });
});
test.after.always(() => nodes?.stop());

const ask = ({ port }: Node, client: TestClient) =>
  sendTo(nodes, port, '/token', tokenRequest(client, CREDENTIALS));
const isRefused = ({ status, body }: { status: number; body: Record<string, unknown> }) =>
  status === 401 && body['error'] === 'invalid_client';

type Change = typeof restoreCredential;
const change = (work: Change, client: TestClient, credentialId: string) =>
  committed(nodes, () => work(nodes, OPERATOR, { clientId: client.client_id, credentialId }));
const revoke: Change = (deps, actor, which) =>
  retireCredential(deps, actor, { ...which, overlapSeconds: 0, confirmed: true });

/** Workers that ask all nodes for tokens without a pause, with the secret that is current. */
function keepAsking(first: TestClient) {
  const load = { current: first, issued: 0, failures: [] as unknown[] };
  let stopped = false;
  const work = async (turn: number) => {
    for (let round = turn; !stopped; round += 1) {
      const node = nodes.nodes[round % nodes.nodes.length] as Node; // within the list
      const answer = await ask(node, load.current);
      if (answer.status === 200) load.issued += 1;
      else load.failures.push(answer.text);
    }
  };
  const workers = Array.from({ length: WORKERS }, (_, turn) => work(turn));
  const stop = async () => {
    stopped = true;
    for (const outcome of await Promise.allSettled(workers))
      if (outcome.status === 'rejected') load.failures.push(outcome.reason);
  };
  return { load, stop };
}

async function rotateAt(node: Node, client: TestClient): Promise<TestClient> {
  const request = { params: {}, headers: basic(client) };
  const { body } = await sendTo(nodes, node.port, '/credentials/rotate', request);
  return { ...client, client_secret: String(body['client_secret']) };
}

const isKnown = (node: Node, client: TestClient) =>
  eventually(
    () => ask(node, client),
    ({ status }) => status === 200,
  );

test('an application rotates under load without one failed request, and the old ones die when told', async (t) => {
  const { client } = await addApplication(nodes);
  const { load, stop } = keepAsking(client);
  try {
    for (let rotation = 0; rotation < ROTATIONS; rotation += 1) {
      const node = nodes.nodes[rotation % nodes.nodes.length] as Node; // within the list
      const next = await rotateAt(node, load.current);
      // News take a moment, the overlap a day: a new secret is used when it is known everywhere.
      for (const one of nodes.nodes) await isKnown(one, next);
      load.current = next;
      const before = load.issued;
      await eventually(
        async () => load.issued,
        (now) => now > before + 2 * WORKERS,
      );
    }
  } finally {
    await stop();
  }
  const { current, failures, issued } = load;
  t.deepEqual(failures, []);
  t.log(`${issued} tokens`);
  const old = (await listCredentials(nodes.db, client.client_id)).find(
    ({ name, state }) => name === 'first secret' && state === 'retiring',
  );
  t.truthy(old);
  for (const node of nodes.nodes) t.is((await ask(node, client)).status, 200);
  for (const { id, state } of await listCredentials(nodes.db, client.client_id))
    if (state === 'retiring') await change(revoke, client, id);
  for (const node of nodes.nodes) {
    t.true(isRefused(await eventually(() => ask(node, client), isRefused)));
    t.is((await ask(node, current)).status, 200);
  }
});

const CHANGES: Record<string, { on: Change; off?: Change }> = {
  revoked: { on: revoke },
  suspended: { on: suspendCredential, off: resumeCredential },
};
for (const [name, { on, off }] of Object.entries(CHANGES)) {
  test(`a ${name} secret dies on every node by its news`, async (t) => {
    const { client } = await addApplication(nodes);
    const { deaf, milliseconds } = await spreadByNotification(nodes, async () => {
      const second = await withNewSecret(nodes, client);
      for (const node of nodes.nodes) await isKnown(node, second);
      return {
        make: () => change(on, client, second.credential_id),
        ask: (node) => ask(node, second),
        isKnown: isRefused,
      };
    });
    t.deepEqual(deaf, []);
    t.log(describe(milliseconds));
    if (!off) return;
    const [newest] = await listCredentials(nodes.db, client.client_id);
    t.is((await change(off, client, newest?.id ?? '')).state, 'live');
  });
}

test('an undone retirement holds everywhere', async (t) => {
  const { client } = await addApplication(nodes);
  const second = await withNewSecret(nodes, client);
  const retireSoon: Change = (deps, actor, which) =>
    retireCredential(deps, actor, { ...which, overlapSeconds: 2 });
  await change(retireSoon, second, second.credential_id);
  await change(restoreCredential, second, second.credential_id);
  const { expires_at } = await rowOf(nodes, second.credential_id);
  t.is(expires_at, null);
  const { rows } = await nodes.db.knex.raw("SELECT now() + interval '2 seconds' AS over");
  // Every node is asked again when the countdown would have been over.
  await eventually(
    () => nodes.db.knex.raw('SELECT now() > ? AS is_over', [rows[0].over]),
    (answer) => answer.rows[0].is_over,
  );
  for (const node of nodes.nodes) t.is((await isKnown(node, second)).status, 200);
});

test('uses of a credential at all nodes end in one row, the latest of them', async (t) => {
  const { client } = await addApplication(nodes);
  const [only] = await listCredentials(nodes.db, client.client_id);
  for (const node of nodes.nodes) t.is((await ask(node, client)).status, 200);
  const row = await eventually(
    () => rowOf(nodes, only?.id ?? ''),
    ({ last_used_at }) => last_used_at !== null,
  );
  t.truthy(row.last_used_at);
  t.is(row.last_used_network, '127.0.0.0/24');
});

test('a node that is told to stop writes the uses that wait', async (t) => {
  const [node] = nodes.nodes;
  if (!node) throw new Error('no node');
  const { client } = await addApplication(nodes);
  const [only] = await listCredentials(nodes.db, client.client_id);
  t.is((await ask(node, client)).status, 200);
  await node.process.stop('SIGTERM');
  t.truthy((await rowOf(nodes, only?.id ?? '')).last_used_at);
  await node.restart();
});
