// Limits of tokens: over several processes, for a client, an owner and a quota class.
import test from 'ava';
import { announce } from '../../src/storage/changes.ts';
import { codeParams, type NodeAnswer, refreshParams, sendTo, tokenRequest } from '../_at-node.ts';
import { type Nodes, startNodes } from '../_nodes.ts';
import { authorize, eventually, type TestClient, VERIFIER } from '../_protocol.ts';
import { addApplication, addProduct, CALLBACK } from './_application.ts';

/** More than one minute brings in no test. */
const OWNER_LIMIT = 25;
const NODES = 2;

let nodes: Nodes;
test.before(async () => {
  nodes = await startNodes({
    count: NODES,
    environment: { GATEHOUSE_OWNER_TOKENS_PER_MINUTE: String(OWNER_LIMIT) },
  });
});
test.after.always(() => nodes?.stop());

const MACHINE = { grant_type: 'client_credentials' };

async function addQuota(quota: { tokens_per_minute?: number; tokens_per_day?: number }) {
  const name = `q-${crypto.randomUUID()}`;
  const query = await nodes.db.query();
  await query('quota_classes').insert({ name, ...quota });
  return addProduct(nodes, { quotaClass: name });
}

/** Asks both nodes in turn, all at once. */
function askMany(client: TestClient, count: number, params = MACHINE): Promise<NodeAnswer[]> {
  return Promise.all(
    Array.from({ length: count }, (_, turn) =>
      sendTo(nodes, nodes.nodes[turn % NODES]?.port ?? 0, '/token', tokenRequest(client, params)),
    ),
  );
}
const withStatus = (answers: NodeAnswer[], status: number) =>
  answers.filter((answer) => answer.status === status);

test.serial('300 requests at once over two nodes stay near a limit of 60', async (t) => {
  const { client, application } = await addApplication(nodes, {
    productIds: [await addQuota({ tokens_per_day: 60, tokens_per_minute: 100_000 })],
  });
  const answers = await askMany(client, 300);
  const issued = withStatus(answers, 200).length;
  // Each node may be a tenth ahead of what it was told.
  t.true(issued >= 60 && issued <= 60 + NODES * 6, `${issued} issued`);
  const throttled = withStatus(answers, 429);
  t.is(throttled.length, 300 - issued);
  const [one] = throttled;
  t.is(one?.body['error'], 'temporarily_unavailable');
  t.regex(String(one?.body['error_description']), /60 tokens in a day.*expires_in/);
  t.regex(String(one?.headers['retry-after']), /^[1-9]\d*$/);
  t.is(one?.body['correlation_id'], one?.headers['x-correlation-id']);

  const [other] = await askMany((await addApplication(nodes)).client, 1);
  t.is(other?.status, 200, 'another client is not affected');
  const query = await nodes.db.query();
  const counts = await eventually(
    () =>
      query('token_usage')
        .where({ application_id: application.id })
        .select('result', 'tokens')
        .orderBy('result'),
    (rows) => rows.reduce((sum, { tokens }) => sum + Number(tokens), 0) >= 300,
  );
  const count = (result: string) =>
    Number(counts.find((row: { result: string }) => row.result === result)?.tokens);
  t.deepEqual([count('issued'), count('throttled')], [issued, 300 - issued]);
});

test.serial(
  'the applications of one owner share a limit, unless a quota promises more',
  async (t) => {
    const first = await addApplication(nodes);
    const second = await addApplication(nodes, { ownerId: first.ownerId });
    const promised = await addApplication(nodes, {
      ownerId: first.ownerId,
      productIds: [await addQuota({ tokens_per_minute: 1000 })],
    });
    // A turn of the minute gives the owner another one.
    const askBoth = async () => {
      const a = await askMany(first.client, OWNER_LIMIT + 6);
      const b = await askMany(second.client, 4);
      return { a, b };
    };
    const { a, b } = await eventually(askBoth, ({ b }) => withStatus(b, 429).length === 4);
    t.true(withStatus(a, 429).length > 0);
    t.is(withStatus(b, 429).length, 4);
    t.regex(String(b[0]?.body['error_description']), /applications of this owner/);
    t.is(withStatus(await askMany(promised.client, 40), 200).length, 40);
  },
);

test.serial(
  'a throttled exchange and a throttled refresh leave code and token usable',
  async (t) => {
    const productId = await addQuota({ tokens_per_day: 1 });
    const { client } = await addApplication(nodes, { kind: 'web', productIds: [productId] });
    const account = nodes.accounts[0];
    const scope = `openid offline_access ${nodes.apis.find((api) => api.environment === 'sandbox')?.scopes[0]?.name}`;
    const params = { redirect_uri: CALLBACK, scope, prompt: 'consent' };
    const codeOf = async () =>
      (await authorize(nodes, client, params, account ? { account } : {})).get('code') ?? '';
    const send = (form: Record<string, string>) =>
      sendTo(nodes, nodes.nodes[0]?.port ?? 0, '/token', tokenRequest(client, form));
    const exchange = (code: string) =>
      send({ ...(codeParams(client, code) as Record<string, string>), code_verifier: VERIFIER });

    const given = await exchange(await codeOf());
    t.is(given.status, 200, given.text);
    const code = await codeOf();
    t.is((await exchange(code)).status, 429);
    const refreshForm = refreshParams(given.body['refresh_token']) as Record<string, string>;
    t.is((await send(refreshForm)).status, 429);

    const query = await nodes.db.query();
    await query('quota_classes').update({ tokens_per_day: 1000 });
    await announce(nodes.db.knex, 'clients');
    const again = await eventually(
      () => exchange(code),
      ({ status }) => status !== 429,
    );
    t.is(again.status, 200, again.text);
    const refreshed = await send(refreshForm);
    t.is(refreshed.status, 200, refreshed.text);
  },
);

test.serial(
  'a refusal at one node is read at another, and none is lost when a node stops',
  async (t) => {
    const { client } = await addApplication(nodes);
    const [first, second] = nodes.nodes;
    const request = tokenRequest(client, { ...MACHINE, scope: 'no:such' });
    const query = await nodes.db.query();
    const find = (id: unknown) => query('refusals').where({ correlation_id: id }).first();
    const refused = await sendTo(nodes, first?.port ?? 0, '/token', request);
    t.truthy(
      await eventually(
        () => find(refused.body['correlation_id']),
        (row) => row !== undefined,
      ),
    );
    const last = await sendTo(nodes, second?.port ?? 0, '/token', request);
    await second?.process.stop('SIGTERM');
    t.truthy(await find(last.body['correlation_id']));
  },
);
