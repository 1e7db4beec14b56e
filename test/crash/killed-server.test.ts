// Server processes are killed at random moments while clients redeem codes, refresh and revoke:
// nothing acknowledged is lost, nothing revoked comes back, and no request is answered twice.
import { setTimeout as pause } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { type Agent, createAgent } from '../_agent.ts';
import { codeParams, type NodeAnswer, refreshParams, sendTo, tokenRequest } from '../_at-node.ts';
import { type Nodes, startNodes } from '../_nodes.ts';
import { authorizeUrl, type Params, proceed, type TestClient } from '../_protocol.ts';
import { findForkedGrants } from './_family.ts';
import { createRandom, type Random } from './_seeded-random.ts';

const KILLS = 10;
const CLIENTS = 5;
const MAX_REFRESHES = 4;
/** Longer than a restart, so that a request that never succeeds is told from one that has to wait. */
const PATIENCE_MS = 20_000;

let server: Nodes;
test.before(async () => {
  server = await startNodes({ count: 2, durable: true });
});
test.after.always(() => server?.stop());

type Tokens = NodeAnswer['body'];

interface Worker {
  t: ExecutionContext;
  random: Random;
  agent: Agent;
  client: TestClient;
  /** What happened so far, for the log. */
  counts: Record<string, number>;
}

const balancer = () => Number(new URL(server.issuer).port);
const note = ({ counts }: Worker, what: string) => {
  counts[what] = (counts[what] ?? 0) + 1;
};

/** Repeats a request whose answer was lost with the node that should have given it. */
async function untilAnswered(
  worker: Worker,
  path: string,
  options: Parameters<typeof sendTo>[3],
): Promise<{ answer: NodeAnswer; lost: number }> {
  const deadline = Date.now() + PATIENCE_MS;
  for (let lost = 0; ; lost += 1) {
    const answer = await sendTo(server, balancer(), path, options).catch(() => undefined);
    if (answer) {
      worker.t.true(answer.status < 500, `${path}: ${answer.status} ${answer.text}`);
      return { answer, lost };
    }
    note(worker, `lost ${options?.params?.['grant_type'] ?? path}`);
    if (Date.now() > deadline) throw new Error(`no answer to ${path}`);
  }
}

const post = (worker: Worker, path: string, params: Params) =>
  untilAnswered(worker, path, tokenRequest(worker.client, params));

/** Sends the person through authorization as often as it takes. */
async function obtainCode({ t, agent, client }: Worker): Promise<string> {
  const deadline = Date.now() + PATIENCE_MS;
  const url = authorizeUrl(server, client, { scope: 'openid offline_access' });
  for (;;) {
    const page = await agent
      .get(url)
      .then((start) => proceed(server, agent, start))
      .catch(() => undefined);
    const code = URL.parse(page?.headers.get('Location') ?? '')?.searchParams.get('code');
    if (code) return code;
    if (page) t.true(page.status < 500, `${page.status} ${page.text}`);
    if (Date.now() > deadline) throw new Error(`no code: ${page?.status} ${page?.text}`);
  }
}

/** Redeems a code; undefined when it was used by an attempt whose answer was lost. */
async function redeemCode(worker: Worker): Promise<Tokens | undefined> {
  const { t, client } = worker;
  const params = codeParams(client, await obtainCode(worker));
  const { answer, lost } = await post(worker, '/token', params);
  if (answer.status === 200) return answer.body;
  t.is(answer.body['error'], 'invalid_grant', answer.text);
  t.true(lost > 0, 'a code that was never sent before is good');
  note(worker, 'code used and its answer lost');
  return undefined;
}

/** Refreshes; an answer that was lost is given again, and so is one that was not. */
async function refreshTokens(worker: Worker, tokens: Tokens): Promise<Tokens> {
  const { t, client, random } = worker;
  const params = refreshParams(tokens['refresh_token']);
  const { answer } = await post(worker, '/token', params);
  t.is(answer.status, 200, `an honest refresh: ${answer.text}`);
  note(worker, 'refreshed');
  if (random.below(3) === 0) {
    const again = await post(worker, '/token', params);
    // Where tokens do not rotate, each refresh is one of its own.
    const same = client.client_secret ? ['refresh_token'] : Object.keys(answer.body);
    for (const name of same) t.is(again.answer.body[name], answer.body[name], 'one successor');
  }
  return answer.body;
}

async function assertWorks(worker: Worker, tokens: Tokens): Promise<void> {
  const headers = { Authorization: `Bearer ${tokens['access_token']}` };
  const { answer } = await untilAnswered(worker, '/userinfo', { headers });
  worker.t.is(answer.status, 200, answer.text);
}

/** One family from its code to its revocation; `keep` leaves it alive and returns its tokens. */
async function liveOneFamily(worker: Worker, keep: boolean): Promise<Tokens | undefined> {
  const { t, random } = worker;
  let tokens = await redeemCode(worker);
  if (!tokens) return undefined;
  for (let left = 1 + random.below(MAX_REFRESHES); left > 0; left -= 1)
    tokens = await refreshTokens(worker, tokens);
  await assertWorks(worker, tokens);
  if (keep) return tokens;
  const token = String(tokens['refresh_token']);
  const revoked = await post(worker, '/revoke', { token });
  t.is(revoked.answer.status, 200, revoked.answer.text);
  const refused = await post(worker, '/token', refreshParams(token));
  t.is(refused.answer.body['error'], 'invalid_grant', 'what was revoked stays revoked');
  note(worker, 'revoked');
  return undefined;
}

/** Kills the nodes in turn, each as soon as the other is back. */
async function killInTurn(t: ExecutionContext, random: Random): Promise<void> {
  for (let kill = 0; kill < KILLS; kill += 1) {
    const node = server.nodes[kill % server.nodes.length];
    // A moment that nothing announces is the very point.
    await pause(20 + random.below(250));
    t.notRegex(node?.process.output() ?? '', /unhandled|uncaught/i);
    await node?.process.stop('SIGKILL');
    await node?.restart();
  }
}

test('killed at random moments, the nodes lose nothing that they acknowledged', async (t) => {
  t.timeout(110_000);
  const random = createRandom();
  t.log(`GATEHOUSE_TEST_SEED=${random.seed}`);
  const counts: Record<string, number> = {};
  let killing = true;
  const work = async (index: number) => {
    const worker: Worker = {
      t,
      random: createRandom(random.seed + index + 1),
      agent: createAgent(server.issuer),
      client: server.client(index % 2 === 0 ? 'spa' : 'web'),
      counts,
    };
    while (killing) await liveOneFamily(worker, false);
    const tokens = await liveOneFamily(worker, true);
    return { worker, tokens };
  };
  const workers = Promise.all(Array.from({ length: CLIENTS }, (_, index) => work(index)));
  await Promise.all([
    killInTurn(t, random).finally(() => {
      killing = false;
    }),
    workers,
  ]);
  t.log(counts);

  for (const { worker, tokens } of await workers) {
    if (!tokens) continue;
    await assertWorks(worker, tokens);
    await refreshTokens(worker, tokens);
  }
  t.deepEqual(await findForkedGrants(server), []);
  t.true(Object.keys(counts).some((what) => what.startsWith('lost')));
});
