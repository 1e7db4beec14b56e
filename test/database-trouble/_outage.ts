// A node whose database is in trouble: what it must answer then, and that nothing was lost after.
import type { ExecutionContext } from 'ava';
import { createAgent } from '../_agent.ts';
import {
  assertUnavailable,
  codeParams,
  LIMIT_MS,
  type NodeAnswer,
  refreshParams,
  sendTo,
  tokenRequest,
} from '../_at-node.ts';
import { type Nodes, startNodes } from '../_nodes.ts';
import {
  authorize,
  authorizeUrl,
  eventually,
  type Params,
  signInFor,
  type TestClient,
} from '../_protocol.ts';

const OFFLINE = { scope: 'openid offline_access orders.read' };

/** What was given out before the trouble, and must still be good after it. */
export interface Belongings {
  client: TestClient;
  code: string;
  refreshToken: unknown;
  accessToken: string;
}

export interface TroubledNode {
  server: Nodes;
  ask(client: TestClient, params: Params): Promise<NodeAnswer>;
  get(path: string, headers?: Record<string, string>): Promise<NodeAnswer>;
  /** A code, a refresh token and an access token of one person. */
  handOut(): Promise<Belongings>;
  /** Asserts what every request is answered meanwhile. */
  assertOutage(t: ExecutionContext, belongings: Belongings): Promise<void>;
  /** Asserts that all is well again in the same process, and that nothing was used up. */
  assertRecovery(t: ExecutionContext, belongings: Belongings): Promise<void>;
  stop(): Promise<void>;
}

/** Starts one node. */
export async function startTroubledNode(
  options: Omit<Parameters<typeof startNodes>[0], 'count'> = {},
): Promise<TroubledNode> {
  const server = await startNodes({ count: 1, durable: true, ...options });
  const [node] = server.nodes;
  if (!node) throw new Error('no node');
  const { pid } = node.process.child;
  const ask = (client: TestClient, params: Params) =>
    sendTo(server, node.port, '/token', tokenRequest(client, params));
  const get = (path: string, headers: Record<string, string> = {}) =>
    sendTo(server, node.port, path, { headers });
  const userinfo = (token: string) => get('/userinfo', { Authorization: `Bearer ${token}` });
  const isReady = async () => (await get('/readyz')).status;

  const assertPublic = async (t: ExecutionContext) => {
    for (const path of ['/jwks', '/.well-known/openid-configuration', '/livez']) {
      const answer = await get(path);
      t.is(answer.status, 200, path);
      t.true(answer.milliseconds < LIMIT_MS, path);
    }
  };

  return {
    server,
    ask,
    get,
    async handOut() {
      const client = server.client('spa');
      const agent = createAgent(server.issuer);
      const { refresh_token: refreshToken } = await signInFor(server, client, OFFLINE, { agent });
      const identity = await signInFor(server, client, { scope: 'openid' }, { agent });
      const accessToken = String(identity['access_token']);
      const code = (await authorize(server, client, OFFLINE, { agent })).get('code') ?? '';
      return { client, code, refreshToken, accessToken };
    },
    async assertOutage(t, { client, code, refreshToken, accessToken }) {
      await assertPublic(t);
      const page = { Accept: 'text/html' };
      const { pathname, search } = new URL(authorizeUrl(server, client));
      const answers = {
        code: await ask(client, codeParams(client, code)),
        refresh: await ask(client, refreshParams(refreshToken)),
        userinfo: await userinfo(accessToken),
        authorize: await get(pathname + search, page),
      };
      for (const [what, answer] of Object.entries(answers)) assertUnavailable(t, answer, what);
      t.is(answers.code.body['error'], 'temporarily_unavailable');
      t.regex(answers.authorize.text, /<html[\s\S]*try again/i);
      const readiness = await get('/readyz');
      t.is(readiness.status, 503);
      t.true(readiness.milliseconds < LIMIT_MS);
      await assertPublic(t);
    },
    async assertRecovery(t, { client, code, refreshToken, accessToken }) {
      await eventually(isReady, (status) => status === 200);
      const machine = { grant_type: 'client_credentials', scope: 'orders.read' };
      const forMachine = () => ask(server.client('machine'), machine);
      // The news between nodes come back within their time, and tokens with them.
      await eventually(forMachine, ({ status }) => status === 200);
      t.is((await userinfo(accessToken)).status, 200);
      const redeemed = await ask(client, codeParams(client, code));
      t.is(redeemed.status, 200, redeemed.text);
      const refreshed = await ask(client, refreshParams(refreshToken));
      t.is(refreshed.status, 200, refreshed.text);
      t.is(node.process.child.pid, pid);
      t.is(node.process.child.exitCode, null);
      t.notRegex(node.process.output(), /unhandled|uncaught/i);
    },
    stop: server.stop,
  };
}
