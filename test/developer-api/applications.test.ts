// A developer's programs: applications, their products, and nothing of anybody else.
import test from 'ava';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { requestToken } from '../_protocol.ts';
import { addProduct, type Developer, developer } from './_developer.ts';

let gatehouse: Gatehouse;
let product: string;
let dev: Developer;
test.before(async () => {
  gatehouse = await startGatehouse();
  product = await addProduct(gatehouse, 'Orders');
  dev = await developer(gatehouse, gatehouse.accounts[1]);
});
test.after.always(() => gatehouse?.stop());

test('one request creates an application whose credentials get a token', async (t) => {
  const request = { kind: 'machine', name: 'Nightly import', products: [product] };
  const created = await dev.call('POST', '/me/applications', request);
  t.is(created.status, 201, created.text);
  t.is(created.headers.get('Cache-Control'), 'no-store');
  const { id, client_secret, clients } = created.body as {
    id: string;
    client_secret: string;
    clients: { sandbox: { client_id: string; apis: { resource: string; scopes: string[] }[] } };
  };
  t.is(created.headers.get('Location'), `/api/v1/me/applications/${id}`);
  t.deepEqual(
    clients.sandbox.apis.map(({ scopes }) => scopes),
    [['orders.read', 'orders.write']],
  );
  const client = { client_id: clients.sandbox.client_id, client_secret, redirect_uris: [] };
  const [api] = clients.sandbox.apis;
  const resource = api?.resource ?? '';
  const token = await requestToken(gatehouse, client, {
    grant_type: 'client_credentials',
    resource,
  });
  t.is(token.status, 200, token.text);

  const shown = await dev.call('GET', `/me/applications/${id}`);
  t.is(shown.status, 200);
  t.false(shown.text.includes(client_secret));
  const { client_secret: _, ...rest } = created.body;
  t.deepEqual(shown.body, rest);
});
