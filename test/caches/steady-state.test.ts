// What a warm node asks of the database for machines: nothing, however many of them there are.
import { type CountingProxy, startCountingProxy } from '../../bench/counting-proxy.ts';
import { sendTo, tokenRequest } from '../_at-node.ts';
import { type Node, type Nodes, startNodes } from '../_nodes.ts';
import { test } from '../_one-at-a-time.ts';
import { eventually, type TestClient } from '../_protocol.ts';
import { addApplication } from '../applications/_application.ts';
import { addMachine, MACHINE } from './_changes.ts';

const REQUESTS = 1000;
const AT_ONCE = 6;
/** The library holds 100. */
const MANY = 350;
/**
 * What passes for other reasons: a new connection, news at the start, jobs of each minute with their
 * transactions, and what is counted in memory.
 */
const BACKGROUND =
  /^(BEGIN|COMMIT)|set_config|FROM generations|SKIP LOCKED|signing_keys|upstream_tokens|graphile_worker|last_used_at|token_usage|token_budgets/i;

let proxy: CountingProxy;
let nodes: Nodes;
test.before(async () => {
  proxy = await startCountingProxy();
  nodes = await startNodes({
    count: 3,
    databaseUrl: (url) => proxy.through(url),
    // News and the job runner go past the proxy.
    directUrl: (url) => url,
    environment: { GATEHOUSE_TOKENS_PER_MINUTE: '1000000' },
  });
});
test.after.always(async () => {
  await nodes?.stop();
  proxy?.close();
});

/** What the nodes asked of the database since the last call, for requests. */
function takeStatements(): string[] {
  return proxy.take().flatMap(({ text }) => (BACKGROUND.test(text) ? [] : text));
}

/** Asks for a token of each of the clients in turn, and answers how many were refused. */
async function askAll(pairs: [Node, TestClient][]): Promise<number> {
  const left = pairs.values();
  let refused = 0;
  const work = async () => {
    for (const [{ port }, client] of left) {
      const { status } = await sendTo(nodes, port, '/token', tokenRequest(client, MACHINE));
      if (status !== 200) refused += 1;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return refused;
}

test(`${REQUESTS} tokens of a known machine cost no statement on three nodes`, async (t) => {
  const machine = await addMachine(nodes);
  t.is(await askAll(nodes.nodes.map((node) => [node, machine])), 0);
  t.true(takeStatements().length >= nodes.nodes.length, 'what fills the caches is counted');
  const turns = Array.from({ length: REQUESTS }, (_, turn) => turn % nodes.nodes.length);
  const pairs = turns.flatMap((turn) => (nodes.nodes[turn] ? [nodes.nodes[turn]] : []));
  t.is(await askAll(pairs.map((node) => [node, machine])), 0);
  t.deepEqual(takeStatements(), []);
});

test('tokens of an application are counted and limited without a statement of their own', async (t) => {
  const { client } = await addApplication(nodes);
  // What was announced when it was made has arrived everywhere.
  await eventually(
    async () => {
      takeStatements();
      await askAll(nodes.nodes.map((node) => [node, client]));
      return takeStatements();
    },
    (statements) => statements.length === 0,
  );
  const pairs = Array.from({ length: 100 }, () => nodes.nodes).flat();
  t.is(await askAll(pairs.map((node) => [node, client])), 0);
  t.deepEqual(takeStatements(), []);
});

test(`${MANY} clients in turn are read once each`, async (t) => {
  const [node] = nodes.nodes;
  if (!node) throw new Error('no node');
  const clients = await multiply(await addMachine(nodes));
  const pairs = clients.map((client): [Node, TestClient] => [node, client]);
  takeStatements();
  t.is(await askAll(pairs), 0);
  t.is(takeStatements().filter((text) => /from "clients"/.test(text)).length, MANY);
  for (let round = 0; round < 2; round += 1) t.is(await askAll(pairs), 0);
  t.deepEqual(takeStatements(), []);
});

/** Clients like this one, under its secret. */
async function multiply(client: TestClient): Promise<TestClient[]> {
  const { client_id } = client;
  const copy = (table: string, changed: string, where: string) =>
    nodes.db.knex.raw(
      `INSERT INTO ${table} SELECT (jsonb_populate_record(one, ${changed})).*
       FROM ${table} one, generate_series(1, ?::int) i WHERE ${where} = ?`,
      [MANY, client_id],
    );
  await copy('clients', "jsonb_build_object('id', id || '-' || i)", 'id');
  await copy(
    'credentials',
    "jsonb_build_object('id', id || '-' || i, 'client_id', client_id || '-' || i)",
    'client_id',
  );
  await copy('entitlements', "jsonb_build_object('client_id', client_id || '-' || i)", 'client_id');
  return Array.from({ length: MANY }, (_, i) => ({
    ...client,
    client_id: `${client_id}-${i + 1}`,
  }));
}
