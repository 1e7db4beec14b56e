// The connection to the database is cut after the k-th message of a token request, for every k:
// afterwards the code or refresh token is either unused, or used and its tokens issued.
import type { ExecutionContext } from 'ava';
import { type Agent, createAgent } from '../_agent.ts';
import {
  assertUnavailable,
  codeParams,
  LIMIT_MS,
  type NodeAnswer,
  refreshParams,
  sendTo,
  tokenRequest,
} from '../_at-node.ts';
import {
  type CuttingProxy,
  type Message,
  type Plan,
  startCuttingProxy,
} from '../_cutting-proxy.ts';
import { type Nodes, startNodes } from '../_nodes.ts';
import { test } from '../_one-at-a-time.ts';
import { addClient, authorize, type Params, signInFor, type TestClient } from '../_protocol.ts';
import { digestOf, findFamily } from './_family.ts';

let proxy: CuttingProxy;
let server: Nodes;
let rotating: TestClient;

test.before(async () => {
  proxy = await startCuttingProxy();
  server = await startNodes({
    count: 2,
    durable: true,
    // The other node sees what the database really holds.
    databaseUrl: (url, index) => (index === 0 ? proxy.through(url) : url),
  });
  rotating = await addClient(server, {
    kind: 'web',
    redirectUris: [{ uri: 'https://rp.example.com/callback', type: 'web' }],
    rotateRefreshTokens: true,
  });
});
test.after.always(async () => {
  await server?.stop();
  await proxy?.close();
});

const OFFLINE = { scope: 'openid offline_access' };

const ask = (node: 0 | 1, client: TestClient, params: Params) =>
  sendTo(server, server.nodes[node]!.port, '/token', tokenRequest(client, params));

// Within one browser's session all families of a client share a grant: each round ends its own.
const endFamily = (client: TestClient, refreshToken: unknown) =>
  sendTo(
    server,
    server.nodes[1]!.port,
    '/revoke',
    tokenRequest(client, { token: String(refreshToken) }),
  );

const obtainCode = async (client: TestClient, agent: Agent) => {
  const given = await authorize(server, client, OFFLINE, { agent });
  return given.get('code') ?? '';
};

/** What came of the first request of each round; `undisturbed`: it needed fewer messages. */
type Outcome = 'undisturbed' | 'answered' | 'unused' | 'used and issued';

interface Round {
  t: ExecutionContext;
  client: TestClient;
  plan: Plan;
  /** `3 <1`: the third message, from the database, of type 1. */
  at: string;
}

/** The messages of one request that nobody disturbs. */
async function learn(client: TestClient, params: Params): Promise<[NodeAnswer, Message[]]> {
  proxy.arm();
  const answer = await ask(0, client, params);
  return [answer, proxy.disarm()];
}

/** Carries out the plan during one request. */
async function disturb({ t, client, plan, at }: Round, params: Params) {
  proxy.arm(plan);
  const answer = await ask(0, client, params);
  const disturbed = proxy.disarm().length >= plan.after;
  if (answer.status === 200) t.true(answer.milliseconds < LIMIT_MS, at);
  else assertUnavailable(t, answer, at);
  return { ...answer, outcome: disturbed ? ('answered' as const) : ('undisturbed' as const) };
}

async function assertUserinfo(t: ExecutionContext, tokens: NodeAnswer['body'], at: string) {
  const headers = { Authorization: `Bearer ${tokens['access_token']}` };
  const answer = await sendTo(server, server.nodes[1]!.port, '/userinfo', { headers });
  t.is(answer.status, 200, `${at}: ${answer.text}`);
}

/** The tokens belong to the one live family of the artefact, and work. */
async function assertIssued(round: Round, code: string, tokens: NodeAnswer['body']) {
  const { t, client, at } = round;
  const family = await findFamily(server, 'AuthorizationCode', code);
  t.deepEqual(family, { used: true, live: [digestOf(tokens['refresh_token'])] }, at);
  await assertUserinfo(t, tokens, at);
  const next = await ask(1, client, refreshParams(tokens['refresh_token']));
  t.is(next.status, 200, `${at}: ${next.text}`);
  await endFamily(client, next.body['refresh_token']);
}

async function redeemDisturbed(round: Round, agent: Agent): Promise<Outcome> {
  const { t, client, at } = round;
  const code = await obtainCode(client, agent);
  const params = codeParams(client, code);
  const first = await disturb(round, params);
  const family = await findFamily(server, 'AuthorizationCode', code);
  // One snapshot: unused and nothing issued, or used and one family.
  t.is(family?.live.length, family?.used ? 1 : 0, at);
  if (first.status === 200) {
    await assertIssued(round, code, first.body);
    return first.outcome;
  }
  const retry = await ask(0, client, params);
  if (retry.status === 200) {
    await assertIssued(round, code, retry.body);
    return 'unused';
  }
  // RFC 6749 section 4.1.2: a code that comes twice revokes what was issued on it.
  t.is(retry.status, 400, `${at}: ${retry.text}`);
  t.is(retry.body['error'], 'invalid_grant', at);
  t.true((await findFamily(server, 'AuthorizationCode', code)) === undefined, at);
  return 'used and issued';
}

async function refreshDisturbed(
  round: Round,
  refreshToken: unknown,
): Promise<[Outcome, NodeAnswer['body']]> {
  const { t, client, at } = round;
  const params = refreshParams(refreshToken);
  const first = await disturb(round, params);
  const family = await findFamily(server, 'RefreshToken', refreshToken);
  t.is(family?.live.length, 1, at);
  if (first.status !== 200) {
    const retry = await ask(0, client, params);
    t.is(retry.status, 200, `${at}: ${retry.text}`);
    first.body = retry.body;
  }
  const again = await ask(1, client, params);
  t.deepEqual(again.body, first.body, `${at}: the other node gives the same answer`);
  const live = (await findFamily(server, 'RefreshToken', refreshToken))?.live;
  t.deepEqual(live, [digestOf(first.body['refresh_token'])], at);
  if (family?.used) t.deepEqual(family.live, live, `${at}: the tokens of the first commit`);
  await assertUserinfo(t, first.body, at);
  if (first.status === 200) return [first.outcome, first.body];
  return [family?.used ? 'used and issued' : 'unused', first.body];
}

// A suite in which nothing was ever lost would prove nothing.
function assertOutcomes(t: ExecutionContext, messages: Message[], outcomes: Outcome[]): void {
  t.log(`${messages.length} messages: ${messages.join(' ')}`);
  t.log(outcomes.join(', '));
  t.true(outcomes.includes('unused'));
  t.true(outcomes.includes('used and issued'));
}

/** Which plan to carry out in which round, given the messages of an undisturbed request. */
type Plans = (round: number, messages: Message[]) => Plan | undefined;

// The news between nodes pass here, too, so a request may need more messages than it did before.
const cutEverywhere: Plans = (round) => ({ after: round + 1, action: 'cut' });
// Each round takes as long as the server waits for an answer, so only whole statements go unanswered.
const muteStatements: Plans = (round, messages) => {
  const ends = messages.flatMap((message, index) => (/>[SQ]/.test(message) ? [index + 1] : []));
  const after = ends[round];
  return after === undefined ? undefined : { after, action: 'mute' };
};

/** Carries out plans until there are no more, or until one comes too late to disturb anything. */
async function runRounds(
  messages: Message[],
  plansFor: Plans,
  run: (round: Pick<Round, 'plan' | 'at'>) => Promise<Outcome>,
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (let round = 0; outcomes.at(-1) !== 'undisturbed'; round += 1) {
    const plan = plansFor(round, messages);
    if (!plan) break;
    outcomes.push(await run({ plan, at: describe(plan, messages) }));
  }
  return outcomes;
}

const describe = ({ after, action }: Plan, messages: Message[]) =>
  `${action} after ${after} ${messages[after - 1]}`;

const clean = async (t: ExecutionContext, client: TestClient, params: Params) => {
  const [answer, messages] = await learn(client, params);
  t.is(answer.status, 200, answer.text);
  return { tokens: answer.body, messages };
};

function testCode(what: string, findClient: () => TestClient, plansFor: Plans): void {
  test(`${what}: it is unused, or used and its tokens issued`, async (t) => {
    const client = findClient();
    const agent = createAgent(server.issuer);
    const code = await obtainCode(client, agent);
    const { tokens, messages } = await clean(t, client, codeParams(client, code));
    await endFamily(client, tokens['refresh_token']);
    const outcomes = await runRounds(messages, plansFor, (round) =>
      redeemDisturbed({ t, client, ...round }, agent),
    );
    assertOutcomes(t, messages, outcomes);
  });
}

function testRefresh(what: string, findClient: () => TestClient, plansFor: Plans): void {
  test(`${what}: it can be repeated and never ends the family`, async (t) => {
    const client = findClient();
    const signedIn = await signInFor(server, client, OFFLINE);
    const first = await clean(t, client, refreshParams(signedIn['refresh_token']));
    let { tokens } = first;
    const outcomes = await runRounds(first.messages, plansFor, async (round) => {
      const [outcome, next] = await refreshDisturbed(
        { t, client, ...round },
        tokens['refresh_token'],
      );
      tokens = next;
      return outcome;
    });
    assertOutcomes(t, first.messages, outcomes);
  });
}

const spa = () => server.client('spa');

testCode('cut while a public client redeems a code', spa, cutEverywhere);
testCode(
  'cut while a confidential client redeems a code',
  () => server.client('web'),
  cutEverywhere,
);
testRefresh('cut while a public client refreshes', spa, cutEverywhere);
testRefresh(
  'cut while a confidential client refreshes, which rotates',
  () => rotating,
  cutEverywhere,
);
testCode('unanswered while a client redeems a code', spa, muteStatements);
testRefresh('unanswered while a client refreshes', spa, muteStatements);
