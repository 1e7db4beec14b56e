// Who is blocked or deleted is out at once at every server process: sessions, refresh, userinfo,
// introspection. Nobody waits for news, so there is nothing to wait for here either.
import test from 'ava';
import { createAgent } from '../_agent.ts';
import { refreshParams, sendTo, tokenRequest } from '../_at-node.ts';
import { type Nodes, startNodes } from '../_nodes.ts';
import { authorizeUrl, basic, signInFor } from '../_protocol.ts';
import { type Environment, environmentOf, run, runJson } from '../cli/_cli.ts';

let nodes: Nodes;
let env: Environment;
test.before(async () => {
  nodes = await startNodes({ count: 2 });
  env = environmentOf(nodes);
});
test.after.always(() => nodes?.stop());

const SCOPE = { scope: 'openid offline_access' };

/** Signs the second account in, and answers what each node says to all that it holds. */
async function signInEverywhere() {
  const account = nodes.accounts[1];
  const web = nodes.client('web');
  const agent = createAgent(nodes.issuer);
  const browser = { agent, ...(account ? { account } : {}) };
  const tokens = await signInFor(nodes, web, SCOPE, browser);
  const jwt = await signInFor(nodes, web, { scope: 'openid orders.read' }, browser);
  const Cookie = await agent.jar.getCookieString(nodes.issuer);
  return async (port: number) => {
    const url = new URL(authorizeUrl(nodes, web, { prompt: 'none' }));
    const bearer = { Authorization: `Bearer ${tokens['access_token']}` };
    const session = await sendTo(nodes, port, url.pathname + url.search, { headers: { Cookie } });
    const api = nodes.client('resource-server');
    const back = new URL(String(session.headers['location'])).searchParams;
    return {
      session: back.get('error') ?? 'signed in',
      userinfo: (await sendTo(nodes, port, '/userinfo', { headers: bearer })).status,
      introspection: await Promise.all(
        [jwt['access_token'], tokens['refresh_token']].map(async (token, index) => {
          const params = { token: String(token) };
          const headers = basic(index === 0 ? api : web);
          const { body } = await sendTo(nodes, port, '/introspect', { params, headers });
          return body['active'];
        }),
      ),
      refresh: await (async () => {
        const request = tokenRequest(web, refreshParams(tokens['refresh_token']));
        const { status, body } = await sendTo(nodes, port, '/token', request);
        return status === 200 ? 'refreshed' : body['error'];
      })(),
    };
  };
}

const IN = {
  session: 'signed in',
  userinfo: 200,
  introspection: [true, true],
  refresh: 'refreshed',
};
const OUT = {
  session: 'login_required',
  userinfo: 401,
  introspection: [false, false],
  refresh: 'invalid_grant',
};

for (const { verb, undo } of [
  { verb: 'block', undo: 'unblock' },
  { verb: 'delete', undo: 'restore' },
]) {
  test.serial(
    `accounts ${verb} acts at once at every process; ${undo} brings nothing back`,
    async (t) => {
      const ask = await signInEverywhere();
      for (const { port } of nodes.nodes) t.deepEqual(await ask(port), IN);
      t.is((await run(['accounts', verb, 'dev@example.com'], env)).code, 0);
      for (const { port } of nodes.nodes) t.deepEqual(await ask(port), OUT);
      const { state } = await runJson(['accounts', undo, 'dev@example.com'], env);
      t.is(state, 'active');
      // A JWT that nobody revoked is what it says again, for the rest of its minutes.
      const left = { ...OUT, introspection: [true, false] };
      for (const { port } of nodes.nodes) t.deepEqual(await ask(port), left);
      const again = await signInEverywhere();
      for (const { port } of nodes.nodes) t.deepEqual(await again(port), IN);
    },
  );
}
