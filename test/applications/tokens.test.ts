// Tokens follow subscriptions: which scopes, which audience, what a gateway reads of the subscription.
import test from 'ava';
import { decodeJwt } from 'jose';
import { createProductionClient } from '../../src/applications/create-application.ts';
import { announce } from '../../src/storage/changes.ts';
import { findApplicationClients } from '../../src/storage/clients.ts';
import { insertSubscription } from '../../src/storage/subscriptions.ts';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { addClient, eventually, requestToken } from '../_protocol.ts';
import { addApplication, addProduct, committed, ordersApi } from './_application.ts';

let gatehouse: Gatehouse;
test.before(async () => {
  gatehouse = await startGatehouse();
});
test.after.always(() => gatehouse?.stop());

const machine = (params = {}) => ({ grant_type: 'client_credentials', ...params });

test('a sandbox client has the scopes of its product in the sandbox alone', async (t) => {
  const { client } = await addApplication(gatehouse);
  const sandbox = ordersApi(gatehouse, 'sandbox');
  const token = await requestToken(gatehouse, client, machine());
  t.is(token.status, 200, token.text);
  const claims = decodeJwt(String(token.body['access_token']));
  t.is(claims.aud, sandbox.audience);
  t.is(claims['scope'], 'orders.read orders.write');
  const production = ordersApi(gatehouse, 'production');
  for (const params of [{ resource: production.resource }, { audience: production.audience }]) {
    const refused = await requestToken(gatehouse, client, machine(params));
    t.is(refused.body['error'], 'invalid_target');
    t.regex(String(refused.body['error_description']), /is a production API.*sandbox client/);
  }
});

test('an entitlement written by hand gives a sandbox client no production audience', async (t) => {
  const { client } = await addApplication(gatehouse);
  const { id, resource } = ordersApi(gatehouse, 'production');
  await gatehouse.db.knex.transaction(async (query) => {
    await query('entitlements').insert({
      ...{ client_id: client.client_id, api_id: id, scope: 'orders.read' },
    });
    await announce(query, 'clients', client.client_id);
  });
  const refused = await requestToken(gatehouse, client, machine({ resource }));
  t.is(refused.body['error'], 'invalid_target');
});

test('a test console can never be given a production API', async (t) => {
  const redirectUris = [{ uri: 'https://portal.example.com/callback', type: 'web' as const }];
  const entitlements = [{ api: ordersApi(gatehouse, 'production'), scopes: ['orders.read'] }];
  await t.throwsAsync(addClient(gatehouse, { kind: 'mixed', redirectUris, entitlements }), {
    message: /production API.*can never hold its audience/,
  });
});

test('without a subscription there is no token, and the refusal says what to do', async (t) => {
  const { client } = await addApplication(gatehouse, { productIds: [] });
  const refused = await requestToken(gatehouse, client, machine());
  t.is(refused.body['error'], 'invalid_target');
  t.regex(String(refused.body['error_description']), /subscribe it to a product/);
  const scoped = await requestToken(gatehouse, client, machine({ scope: 'orders.read' }));
  t.is(scoped.body['error'], 'invalid_scope');
});

test('the production client waits for the approval of its subscription', async (t) => {
  const productId = await addProduct(gatehouse, { approval: 'person', name: 'Orders by hand' });
  const { application, ownerId } = await addApplication(gatehouse, { productIds: [productId] });
  const actor = { kind: 'account', accountId: ownerId } as const;
  await committed(gatehouse, async () => {
    await insertSubscription(
      gatehouse.db,
      {
        ...{ applicationId: application.id, productId, environment: 'production' },
        ...{ state: 'submitted', note: '', expiresAt: undefined },
      },
      { actor: 'account' },
    );
    await createProductionClient(gatehouse.registration, actor, application.id);
  });
  const { production } = await findApplicationClients(gatehouse.db, application.id);
  t.is(production?.environment, 'production');
  t.deepEqual(production?.secretHashes, []);
  t.is(production?.entitlements.size, 0);
  t.is(production?.application?.subscriptions[0]?.state, 'submitted');
});

test('a token says which product, plan and subscription it was issued under, if the API asks', async (t) => {
  const api = ordersApi(gatehouse, 'sandbox');
  await gatehouse.db.knex.transaction(async (query) => {
    await query('quota_classes').insert({ name: 'gold', tokens_per_minute: 1000 });
    await query('apis')
      .where({ id: api.id })
      .update({ claims: ['product', 'plan', 'subscription'] });
    await announce(query, 'apis');
  });
  const scope = (name: string) => ({ apiId: api.id, scope: name });
  const productIds = [
    await addProduct(gatehouse, { name: 'Reader', scopes: [scope('orders.read')] }),
    await addProduct(gatehouse, {
      ...{ name: 'Everything', quotaClass: 'gold' },
      scopes: [scope('orders.read'), scope('orders.write')],
    }),
  ];
  const { client } = await addApplication(gatehouse, { productIds });
  const claimsOf = async (params = {}) => {
    const { body } = await requestToken(gatehouse, client, machine(params));
    return decodeJwt(String(body['access_token']));
  };
  const all = await claimsOf();
  t.is(all['product'], 'Everything');
  t.is(all['plan'], 'gold');
  t.regex(String(all['subscription']), /^sub_/);
  const reading = await claimsOf({ scope: 'orders.read' });
  t.is(reading['product'], 'Reader');
  t.is(reading['plan'], undefined);
});

test('a subscription ends at its time on a node that remembers it, without news', async (t) => {
  const { client, application } = await addApplication(gatehouse);
  await gatehouse.db.knex.transaction(async (query) => {
    await query('subscriptions')
      .where({ application_id: application.id })
      .update({ expires_at: query.raw("now() + interval '2 seconds'") });
    await announce(query, 'clients', client.client_id);
  });
  t.is((await requestToken(gatehouse, client, machine())).status, 200);
  const ended = await eventually(
    () => requestToken(gatehouse, client, machine()),
    ({ status }) => status !== 200,
  );
  t.is(ended.body['error'], 'invalid_target');
});
