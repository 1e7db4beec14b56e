// What a request asks of the database: each statement is a round trip, and one of them commits.
import pg from 'pg';
import { createAgent } from '../_agent.ts';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { test } from '../_one-at-a-time.ts';
import {
  authorize,
  basic,
  eventually,
  post,
  redeem,
  refresh,
  requestToken,
  send,
} from '../_protocol.ts';

const OFFLINE = { scope: 'openid offline_access orders.read' };
/** What every node asks in the background, whoever calls. */
const BACKGROUND = /generations|current_setting|set_config|graphile/;
const WRITES = /commit_artefacts|^(insert|update|delete|begin)/i;

let gatehouse: Gatehouse;
test.before(async () => {
  gatehouse = await startGatehouse();
});
test.after.always(() => gatehouse?.stop());

// At the door of the driver, which everything passes that asks the database.
async function statementsOf(work: () => Promise<unknown>): Promise<string[]> {
  const statements: string[] = [];
  const { query } = pg.Client.prototype;
  const note = (asked: unknown) => {
    const sql = typeof asked === 'string' ? asked : (asked as { text: string }).text;
    if (!BACKGROUND.test(sql)) statements.push(sql.replaceAll(/\s+/g, ' ').trim());
  };
  pg.Client.prototype.query = function noted(this: pg.Client, ...asked: unknown[]) {
    note(asked[0]);
    return Reflect.apply(query, this, asked);
  };
  try {
    await work();
  } finally {
    pg.Client.prototype.query = query;
  }
  return statements;
}

test('in the steady state a JWT for a machine costs no statement at all', async (t) => {
  const machine = gatehouse.client('machine');
  const work = async () => {
    for (let times = 0; times < 10; times += 1) {
      const params = { grant_type: 'client_credentials', scope: 'orders.read' };
      t.is((await requestToken(gatehouse, machine, params)).status, 200);
    }
  };
  // The caches fill first.
  await eventually(
    () => statementsOf(work),
    ({ length }) => length === 0,
  );
  t.deepEqual(await statementsOf(work), []);
});

for (const kind of ['spa', 'web'])
  test(`the exchange of a code and a refresh of a ${kind} client cost three round trips and one commit`, async (t) => {
    const client = gatehouse.client(kind);
    const agent = createAgent(gatehouse.issuer);
    const sso = () => authorize(gatehouse, client, OFFLINE, { agent });
    await redeem(gatehouse, client, (await sso()).get('code') ?? '');
    const code = (await sso()).get('code') ?? '';
    let token: unknown;
    const exchange = await statementsOf(async () => {
      const { body } = await redeem(gatehouse, client, code);
      token = body['refresh_token'];
    });
    t.true(exchange.length <= 3, exchange.join('\n'));
    t.is(exchange.filter((sql) => WRITES.test(sql)).length, 1);
    const refreshed = await statementsOf(async () => {
      t.is((await refresh(gatehouse, client, token)).status, 200);
    });
    t.true(refreshed.length <= 3, refreshed.join('\n'));
    t.is(refreshed.filter((sql) => WRITES.test(sql)).length, 1);
  });

test('a whole sign-in commits eight times at most', async (t) => {
  const web = gatehouse.client('web');
  const agent = createAgent(gatehouse.issuer);
  const statements = await statementsOf(async () => {
    const back = await authorize(gatehouse, web, OFFLINE, { agent });
    t.is((await redeem(gatehouse, web, back.get('code') ?? '')).status, 200);
  });
  const commits = statements.filter((sql) => WRITES.test(sql));
  t.true(commits.length <= 8, commits.join('\n'));
  t.log(`${statements.length} statements, ${commits.length} commits`);
});

test('userinfo and introspection write nothing', async (t) => {
  const web = gatehouse.client('web');
  const agent = createAgent(gatehouse.issuer);
  const back = await authorize(gatehouse, web, { scope: 'openid' }, { agent });
  const { body } = await redeem(gatehouse, web, back.get('code') ?? '');
  const token = String(body['access_token']);
  const statements = await statementsOf(async () => {
    const headers = { Authorization: `Bearer ${token}` };
    t.is((await send(`${gatehouse.issuer}/userinfo`, { headers })).status, 200);
    const answer = await post(gatehouse, '/introspect', { token }, basic(web));
    t.true(answer.body['active'], answer.text);
  });
  t.deepEqual(
    statements.filter((sql) => WRITES.test(sql)),
    [],
  );
  t.log(`${statements.length} statements`);
});
