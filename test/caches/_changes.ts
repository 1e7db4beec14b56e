// What operators change, and how an answer shows that its node knows. No command withdraws a secret or
// a scope, or changes an API: those write the rows that one would, and announce them in the same way.
import type { Knex } from 'knex';
import {
  createClientSecret,
  hashClientSecret,
} from '../../src/applications/registration/client-secrets.ts';
import { insertApi } from '../../src/storage/apis.ts';
import { announce } from '../../src/storage/changes.ts';
import { disableClient } from '../../src/storage/clients.ts';
import { createAgent } from '../_agent.ts';
import { type NodeAnswer, refreshParams, sendTo, tokenRequest } from '../_at-node.ts';
import type { Server } from '../_installation.ts';
import type { Node, Nodes } from '../_nodes.ts';
import { addClient, type Params, signInFor, type TestClient } from '../_protocol.ts';

export interface Change {
  make(): Promise<unknown>;
  /** A request whose answer depends on it. */
  ask(node: Node): Promise<NodeAnswer>;
  /** True for the answer of a node that knows. */
  isKnown(answer: NodeAnswer): boolean;
}

export const MACHINE = { grant_type: 'client_credentials', scope: 'orders.read' };

/** A machine that may read orders. */
export function addMachine(server: Server): Promise<TestClient> {
  const entitlements = [{ api: ordersApi(server), scopes: ['orders.read'] }];
  return addClient(server, { kind: 'machine', redirectUris: [], entitlements });
}

/** Changes of clients and APIs, each with something of its own to be changed. */
export const CHANGES = {
  async 'a disabled client'(nodes) {
    const { machine, ask } = await prepareMachine(nodes);
    return {
      make: () => disableClient(nodes.db, machine.client_id),
      ask,
      isKnown: isRefused('invalid_client'),
    };
  },
  async 'a withdrawn scope'(nodes) {
    const { machine, ask } = await prepareMachine(nodes);
    return {
      make: () => withdrawScopes(nodes, machine),
      ask,
      isKnown: isRefused('invalid_scope'),
    };
  },
  async 'a removed secret'(nodes) {
    const { machine, ask } = await prepareMachine(nodes);
    return {
      make: () => changeClient(nodes, machine, (query) => secretsOf(query, machine).delete()),
      ask,
      isKnown: isRefused('invalid_client'),
    };
  },
  async 'a secret that was made to expire'(nodes) {
    const { machine, ask } = await prepareMachine(nodes);
    return {
      make: () => expireSecrets(nodes, machine, 0),
      ask,
      isKnown: isRefused('invalid_client'),
    };
  },
  async 'a further secret'(nodes) {
    const machine = await addMachine(nodes);
    const secret = createClientSecret();
    const [key] = nodes.secrets.hashKeys;
    if (!key) throw new Error('no hash key');
    const row = {
      id: `cr_${machine.client_id}`,
      client_id: machine.client_id,
      name: 'the next one',
      secret_hash: hashClientSecret(key, secret),
      hint: 'gh_sec_',
    };
    return {
      make: () => changeClient(nodes, machine, (query) => query('credentials').insert(row)),
      ask: askFor(nodes, { ...machine, client_secret: secret }),
      isKnown: ({ status }) => status === 200,
    };
  },
  async 'a changed API'(nodes) {
    const { ask } = await prepareMachine(nodes);
    const { id } = ordersApi(nodes);
    const row = await nodes.db.knex('apis').where({ id }).first('token_lifetime');
    const seconds = row.token_lifetime + 1;
    return {
      make: () =>
        nodes.db.knex.transaction(async (query) => {
          await query('apis').where({ id }).update({ token_lifetime: seconds });
          await announce(query, 'apis');
        }),
      ask,
      isKnown: ({ body }) => body['expires_in'] === seconds,
    };
  },
  async 'a new API'(nodes) {
    const machine = await addMachine(nodes);
    const resource = `https://api.example.com/${machine.client_id}`;
    const api = { ...ordersApi(nodes), resource, audience: resource };
    return {
      make: () => insertApi(nodes.db, api),
      ask: askFor(nodes, machine, { ...MACHINE, resource }),
      isKnown: ({ body }) => /was given no scope/.test(String(body['error_description'])),
    };
  },
  async 'a disabled client that refreshes'(nodes) {
    const { client, ask } = await beginRefreshing(nodes);
    return {
      make: () => disableClient(nodes.db, client.client_id),
      ask,
      isKnown: isRefused('invalid_client'),
    };
  },
  async 'a withdrawn scope of a client that refreshes'(nodes) {
    const { client, ask } = await beginRefreshing(nodes);
    return {
      make: () => withdrawScopes(nodes, client),
      ask,
      isKnown: ({ body }) => /was given no scope/.test(String(body['error_description'])),
    };
  },
} satisfies Record<string, (nodes: Nodes) => Promise<Change>>;

function ordersApi(server: Server) {
  const api = server.apis.find(({ environment }) => environment === 'production');
  if (!api) throw new Error('no API');
  return api;
}

/** A machine and its request of any node. */
export async function prepareMachine(nodes: Nodes) {
  const machine = await addMachine(nodes);
  return { machine, ask: askFor(nodes, machine) };
}

function askFor(nodes: Nodes, client: TestClient, params: Params = MACHINE) {
  return ({ port }: Node) => sendTo(nodes, port, '/token', tokenRequest(client, params));
}

/** A person's client with one refresh token for each node, which is replaced at each use. */
async function beginRefreshing(nodes: Nodes) {
  const client = await addClient(nodes, {
    kind: 'spa',
    redirectUris: [{ uri: 'https://rp.example.com/callback', type: 'spa' }],
    entitlements: [{ api: ordersApi(nodes), scopes: ['orders.read'] }],
  });
  const agent = createAgent(nodes.issuer);
  const tokens = new Map<Node, unknown>();
  for (const node of nodes.nodes) {
    const scope = 'openid offline_access orders.read';
    tokens.set(node, (await signInFor(nodes, client, { scope }, { agent }))['refresh_token']);
  }
  const ask = async (node: Node) => {
    const request = tokenRequest(client, refreshParams(tokens.get(node)));
    const answer = await sendTo(nodes, node.port, '/token', request);
    if (answer.status === 200) tokens.set(node, answer.body['refresh_token']);
    return answer;
  };
  return { client, ask };
}

const isRefused =
  (error: string) =>
  ({ body }: NodeAnswer) =>
    body['error'] === error;

/** Lets the secrets of a client end after so many seconds. */
export function expireSecrets(nodes: Nodes, client: TestClient, seconds: number) {
  return changeClient(nodes, client, (query) =>
    secretsOf(query, client).update({
      expires_at: query.raw("now() + ? * interval '1 second'", [seconds]),
    }),
  );
}

function secretsOf(query: Knex, { client_id }: TestClient) {
  return query('credentials').where({ client_id });
}

function withdrawScopes(nodes: Nodes, client: TestClient) {
  const { client_id } = client;
  return changeClient(nodes, client, (query) =>
    query('entitlements').where({ client_id }).delete(),
  );
}

function changeClient(
  { db }: Nodes,
  { client_id }: TestClient,
  change: (query: Knex) => PromiseLike<unknown>,
) {
  return db.knex.transaction(async (query) => {
    await change(query);
    await announce(query, 'clients', client_id);
  });
}
