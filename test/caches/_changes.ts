// What operators change, and how long it takes until every node acts on it.

import { announce } from '../../src/storage/changes.ts';
import { disableClient } from '../../src/storage/clients.ts';
import { sendTo, tokenRequest } from '../_at-node.ts';
import type { Server } from '../_installation.ts';
import type { Node, Nodes } from '../_nodes.ts';
import { addClient, eventually, type TestClient } from '../_protocol.ts';

export const MACHINE = { grant_type: 'client_credentials', scope: 'orders.read' };

/** One node's answer to a machine. */
export function askNode(nodes: Nodes, { port }: Node, client: TestClient) {
  return sendTo(nodes, port, '/token', tokenRequest(client, MACHINE));
}

/** A machine that may read orders. */
export function addMachine(server: Server): Promise<TestClient> {
  const api = server.apis.find(({ environment }) => environment === 'production');
  if (!api) throw new Error('no API');
  const entitlements = [{ api, scopes: ['orders.read'] }];
  return addClient(server, { kind: 'machine', redirectUris: [], entitlements });
}

/** A machine that every node knows by now. */
export async function addKnownMachine(nodes: Nodes): Promise<TestClient> {
  const client = await addMachine(nodes);
  for (const node of nodes.nodes) {
    const { status, text } = await askNode(nodes, node, client);
    if (status !== 200) throw new Error(text);
  }
  return client;
}

export type Change = (nodes: Nodes, client: TestClient) => Promise<unknown>;

/** Changes that end what a machine may do, by what it is refused with. */
export const CHANGES: Record<string, { change: Change; error: string }> = {
  'a disabled client': {
    change: ({ db }, { client_id }) => disableClient(db, client_id),
    error: 'invalid_client',
  },
  'a withdrawn entitlement': {
    change: ({ db }, { client_id }) =>
      db.knex.transaction(async (query) => {
        await query('entitlements').where({ client_id }).delete();
        await announce(query, 'clients', client_id);
      }),
    error: 'invalid_scope',
  },
  'a withdrawn secret': {
    change: ({ db }, { client_id }) =>
      db.knex.transaction(async (query) => {
        await query('credentials').where({ client_id }).delete();
        await announce(query, 'clients', client_id);
      }),
    error: 'invalid_client',
  },
};

/** Makes the change and answers what each node says once it acts on it, and after how many ms. */
export async function spread(nodes: Nodes, client: TestClient, change: Change) {
  await change(nodes, client);
  const begun = performance.now();
  return Promise.all(
    nodes.nodes.map(async (node) => {
      const answer = await eventually(
        () => askNode(nodes, node, client),
        ({ status }) => status !== 200,
      );
      return { error: answer.body['error'], milliseconds: performance.now() - begun };
    }),
  );
}

export const median = (values: number[]) =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
