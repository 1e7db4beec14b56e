// What is suspended gets no new tokens, on any node, and gets them again when it is resumed.
import { blockAccount, loadAccount, unblockAccount } from '../../src/accounts/block-account.ts';
import { disableApplication, suspendApplication } from '../../src/storage/applications.ts';
import { setApiSuspended } from '../../src/storage/change-apis.ts';
import {
  changeSubscription,
  listSubscriptions,
  type SubscriptionState,
} from '../../src/storage/subscriptions.ts';
import { createAgent } from '../_agent.ts';
import { refreshParams, sendTo, tokenRequest } from '../_at-node.ts';
import { type Node, type Nodes, startNodes } from '../_nodes.ts';
import { test } from '../_one-at-a-time.ts';
import { eventually, signInFor } from '../_protocol.ts';
import { spread, spreadByNotification } from '../caches/_spread.ts';
import { addApplication, committed, ordersApi } from './_application.ts';

let nodes: Nodes;
test.before(async () => {
  nodes = await startNodes({ count: 3 });
});
test.after.always(() => nodes?.stop());

type Application = Awaited<ReturnType<typeof addApplication>>;

/** Each suspends something that an application's tokens hang on; `false` resumes it. */
const SWITCHES: Record<string, (application: Application, on: boolean) => Promise<unknown>> = {
  async subscription({ application }, on) {
    const [first] = await listSubscriptions(nodes.db, { applicationId: application.id, limit: 1 });
    const [from, state]: SubscriptionState[] = on
      ? ['active', 'suspended']
      : ['suspended', 'active'];
    if (!(first && from && state)) throw new Error('no subscription');
    return changeSubscription(nodes.db, first.id, { from: [from], state }, { actor: 'operator' });
  },
  application: ({ application }, on) =>
    suspendApplication(nodes.db, application.id, on ? 'It sends spam.' : undefined),
  'application of its owner': ({ application }, on) =>
    disableApplication(nodes.db, application.id, on),
  API: (_, on) => setApiSuspended(nodes.db, ordersApi(nodes, 'sandbox').id, on),
  async owner({ ownerId }, on) {
    if (on) return blockAccount(nodes.db, ownerId, 'test');
    return unblockAccount(nodes.db, await loadAccount(nodes.db, ownerId), 'test');
  },
};

const CREDENTIALS = { grant_type: 'client_credentials', scope: 'orders.read' };
const isRefused = ({ status, body }: { status: number; body: Record<string, unknown> }) =>
  status >= 400 && status < 500 && body['error'] !== undefined;

for (const [name, turn] of Object.entries(SWITCHES)) {
  test(`a suspended ${name} gets no token of any node, and gets them again`, async (t) => {
    const resume: (() => Promise<unknown>)[] = [];
    const { deaf } = await spreadByNotification(nodes, async () => {
      for (const one of resume.splice(0)) await one();
      const application = await addApplication(nodes);
      resume.push(() => committed(nodes, () => turn(application, false)));
      return {
        make: () => committed(nodes, () => turn(application, true)),
        ask: ({ port }) =>
          sendTo(nodes, port, '/token', tokenRequest(application.client, CREDENTIALS)),
        isKnown: isRefused,
      };
    });
    t.deepEqual(deaf, []);
    for (const one of resume) await one();
  });

  test(`a suspended ${name} refreshes nothing, and keeps what it had`, async (t) => {
    const application = await addApplication(nodes, { kind: 'spa' });
    const agent = createAgent(nodes.issuer);
    const scope = 'openid offline_access orders.read';
    const tokens = new Map<Node, unknown>();
    for (const node of nodes.nodes)
      tokens.set(
        node,
        (await signInFor(nodes, application.client, { scope }, { agent }))['refresh_token'],
      );
    const ask = async (node: Node) => {
      const request = tokenRequest(application.client, refreshParams(tokens.get(node)));
      const answer = await sendTo(nodes, node.port, '/token', request);
      if (answer.status === 200) tokens.set(node, answer.body['refresh_token']);
      return answer;
    };
    const make = (on: boolean) => committed(nodes, () => turn(application, on));
    const heard = await spread(nodes, { make: () => make(true), ask, isKnown: isRefused });
    t.is(heard.length, 3);
    await make(false);
    for (const node of nodes.nodes) {
      const answer = await eventually(
        () => ask(node),
        ({ status }) => status === 200,
      );
      t.is(answer.status, 200, answer.text);
    }
  });
}
