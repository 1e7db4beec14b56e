// A machine of an application, like the operator's one in every other way.
import { insertApi } from '../../src/storage/apis.ts';
import { announce } from '../../src/storage/changes.ts';
import type { Gatehouse } from '../gatehouse.ts';
import { requestTokens } from '../requests.ts';
import { API_SCOPE, type BenchClient, TOKEN_SECONDS } from '../scenario.ts';
import type { Workload } from './workload.ts';

const ID = 'c_of_an_application';

/** Creates it, and an API that gives a still-fresh token again. */
export async function createApplicationMachine(
  gatehouse: Gatehouse,
): Promise<{ client: BenchClient; reusedResource: string }> {
  const { db, clients } = gatehouse;
  const reusedResource = 'https://reused.api.example.com';
  const apiId = await insertApi(db, {
    ...{ name: 'Orders, given again', environment: 'production', resource: reusedResource },
    ...{ audience: reusedResource, alg: 'RS256', typ: 'at+jwt', tokenLifetime: TOKEN_SECONDS },
    ...{ claims: [], reuseSeconds: TOKEN_SECONDS },
    scopes: [{ name: API_SCOPE, description: 'See orders' }],
  });
  await db.knex.transaction(async (transaction) => {
    await transaction.raw(
      `INSERT INTO applications (id, kind, name, owner_id)
       SELECT 'app_bench', 'machine', 'Bench', id FROM accounts LIMIT 1`,
    );
    const copy = (table: string, changed: Record<string, string>, column: string) =>
      transaction.raw(
        `INSERT INTO ${table} SELECT (jsonb_populate_record(one, ?::jsonb)).*
         FROM ${table} one WHERE ${column} = ?`,
        [JSON.stringify(changed), clients.machine.id],
      );
    const application = { application_id: 'app_bench', environment: 'production' };
    await copy('clients', { id: ID, ...application }, 'id');
    await copy('credentials', { id: 'cr_of_an_application', client_id: ID }, 'client_id');
    await copy('entitlements', { client_id: ID }, 'client_id');
    await transaction('entitlements').insert({ client_id: ID, api_id: apiId, scope: API_SCOPE });
    await announce(transaction, 'clients');
  });
  return { client: { id: ID, secret: clients.machine.secret }, reusedResource };
}

/** Each request asks for the same. */
export function tokensOf(client: BenchClient, form: Record<string, string>): Workload {
  return {
    name: `tokens of ${client.id}`,
    prepare:
      async ({ connection }) =>
      async () => {
        await requestTokens(connection, client, form);
        return true;
      },
  };
}
