// Client credentials of very many clients: made with one statement each table, under one secret.

import {
  createClientSecret,
  hashClientSecret,
} from '../../src/applications/registration/client-secrets.ts';
import { announce } from '../../src/storage/changes.ts';
import type { Gatehouse } from '../gatehouse.ts';
import { requestTokens, tokenForm } from '../requests.ts';
import { API_SCOPE, type BenchClient, resourceOf } from '../scenario.ts';
import type { Connection } from '../target.ts';
import type { Workload } from './workload.ts';

const idOf = (number: number) => `c_many${number}`;

/** Creates the clients and returns them. */
export async function createMachines(gatehouse: Gatehouse, count: number): Promise<BenchClient[]> {
  const { knex } = gatehouse.db;
  const secret = createClientSecret();
  await knex.transaction(async (transaction) => {
    await transaction.raw(
      `INSERT INTO clients (id, kind, name, token_endpoint_auth_method, grant_types)
       SELECT 'c_many' || i, 'machine', 'Machine ' || i, 'client_secret_basic', '{client_credentials}'
       FROM generate_series(0, ?::int - 1) i`,
      [count],
    );
    await transaction.raw(
      `INSERT INTO credentials (id, client_id, name, secret_hash, hint)
       SELECT 'cr_many' || i, 'c_many' || i, 'first secret', ?, 'gh_sec_' FROM generate_series(0, ?::int - 1) i`,
      [hashClientSecret(gatehouse.hashKey, secret), count],
    );
    await transaction.raw(
      `INSERT INTO entitlements (client_id, api_id, scope)
       SELECT 'c_many' || i, apis.id, ? FROM generate_series(0, ?::int - 1) i, apis WHERE resource = ?`,
      [API_SCOPE, count, resourceOf('ES256')],
    );
    await announce(transaction, 'clients');
  });
  await knex.raw('ANALYZE clients, credentials, entitlements');
  return Array.from({ length: count }, (_, number) => ({ id: idOf(number), secret }));
}

/** Lets a process meet each client once, at the cheapest place: a request that names nothing else. */
export async function introduce(connection: Connection, clients: BenchClient[]): Promise<void> {
  const left = clients.values();
  const work = async () => {
    for (const { id } of left) await connection.request(`/authorize?client_id=${id}`);
  };
  await Promise.all(Array.from({ length: 16 }, work));
}

/** Each request is another client's, in an order without pattern. */
export function clientCredentialsOf(clients: BenchClient[]): Workload {
  const form = tokenForm.clientCredentials('ES256');
  return {
    name: `cc-es256 of ${clients.length} clients`,
    prepare:
      async ({ connection }) =>
      async () => {
        const client = clients[Math.floor(Math.random() * clients.length)];
        if (client) await requestTokens(connection, client, form);
        return true;
      },
  };
}
