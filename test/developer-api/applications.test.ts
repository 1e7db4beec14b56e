// A developer's programs: applications, their products, and nothing of anybody else.
import test from 'ava';
import { insertMember } from '../../src/storage/application-members.ts';
import { suspendApplication } from '../../src/storage/applications.ts';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { eventually, requestToken } from '../_protocol.ts';
import { ALL_SCOPES, addProduct, type Developer, developer } from './_developer.ts';
import { digestTables } from './_tables.ts';

let gatehouse: Gatehouse;
let product: string;
let dev: Developer;
test.before(async () => {
  gatehouse = await startGatehouse();
  product = await addProduct(gatehouse, 'Orders');
  dev = await developer(gatehouse, gatehouse.accounts[1]);
});
test.after.always(() => gatehouse?.stop());

test.serial('one request creates an application whose credentials get a token', async (t) => {
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

interface Shown {
  id: string;
  client_secret: string;
  state: string;
  clients: Record<'sandbox' | 'production', { client_id: string; redirect_uris: string[] } | null>;
}

async function create(request: Record<string, unknown>, as = dev): Promise<Shown> {
  const { status, body, text } = await as.call('POST', '/me/applications', request);
  if (status !== 201) throw new Error(text);
  return body as unknown as Shown;
}

/** Asks for a token until the status is this one: news of a change takes a moment. */
async function tokenStatus(
  client_id: string | undefined,
  client_secret: unknown,
  expected: number,
): Promise<number> {
  const client = {
    ...{ client_id: client_id ?? '', client_secret: String(client_secret), redirect_uris: [] },
  };
  const { status } = await eventually(
    () => requestToken(gatehouse, client, { grant_type: 'client_credentials' }),
    (answer) => answer.status === expected,
  );
  return status;
}

test.serial('an application lives: changed, disabled, deleted, restored', async (t) => {
  const { id, clients, client_secret } = await create({
    ...{ kind: 'machine', name: 'Life story', products: [product] },
  });
  const path = `/me/applications/${id}`;
  const client = clients.sandbox?.client_id;
  const token = (status: number) => tokenStatus(client, client_secret, status);
  t.is(await token(200), 200);
  const changed = await dev.call('PATCH', path, { name: 'Life', homepage: 'https://life.example' });
  t.like(changed.body, { name: 'Life', homepage: 'https://life.example/'.slice(0, -1) });
  t.like((await dev.call('PATCH', path, { homepage: null })).body, {
    homepage: null,
    name: 'Life',
  });
  t.like((await dev.call('PATCH', path, { disabled: true })).body, { state: 'disabled' });
  t.is(await token(401), 401);
  t.like((await dev.call('PATCH', path, { disabled: false })).body, { state: 'active' });
  t.is(await token(200), 200);
  const deleted = await dev.call('DELETE', path);
  t.like(deleted.body, { state: 'deleted' });
  t.is(await token(401), 401);
  t.is((await dev.call('PATCH', path, { name: 'Ghost' })).status, 409);
  const list = await dev.call('GET', '/me/applications?search=life');
  t.is((list.body as { data: unknown[] }).data.length, 1);
  t.like((await dev.call('POST', `${path}/restore`)).body, { state: 'active', name: 'Life' });
  t.is((await dev.call('POST', `${path}/restore`)).status, 409);
  t.is(await token(200), 200);
});

test.serial('secrets: one more, the old one retired, taken back, never the last', async (t) => {
  const { id, clients, client_secret } = await create({
    ...{ kind: 'machine', name: 'Rotating', products: [product] },
  });
  const path = `/me/applications/${id}/credentials`;
  const first = (await dev.call('GET', path)).body as { data: { id: string }[] };
  const old = first.data[0]?.id ?? '';
  t.is((await dev.call('POST', `${path}/${old}/retire`, { overlap_seconds: 0 })).status, 409);
  const added = await dev.call('POST', path, { name: 'second', expires_in_days: 90 });
  t.is(added.status, 201, added.text);
  const clientId = clients.sandbox?.client_id;
  t.is(await tokenStatus(clientId, added.body['client_secret'], 200), 200);
  const retired = await dev.call('POST', `${path}/${old}/retire`, { overlap_seconds: 600 });
  t.like(retired.body, { state: 'retiring' });
  t.is(await tokenStatus(clientId, client_secret, 200), 200);
  t.like((await dev.call('POST', `${path}/${old}/restore`)).body, { state: 'live' });
  await dev.call('POST', `${path}/${old}/retire`, { overlap_seconds: 0 });
  t.is(await tokenStatus(clientId, client_secret, 401), 401);
  t.like((await dev.call('PATCH', `${path}/${old}`, { name: 'gone' })).body, { state: 'ended' });
});

test.serial('a product that a person approves, from the sandbox into production', async (t) => {
  const approved = await addProduct(gatehouse, 'With approval', 'person');
  const { id } = await create({ kind: 'machine', name: 'Promoted' });
  const path = `/me/applications/${id}`;
  const sandbox = await dev.call('POST', `${path}/subscriptions`, { product_id: approved });
  t.like(sandbox.body, { state: 'active', environment: 'sandbox' });
  const twice = await dev.call('POST', `${path}/subscriptions`, { product_id: approved });
  t.is(twice.body['id'], sandbox.body['id']);
  const asked = await dev.call('POST', `${path}/promotion`, { products: [approved] });
  t.is(asked.status, 201, asked.text);
  const [waiting] = (asked.body as { data: { id: string; state: string }[] }).data;
  t.is(waiting?.state, 'submitted');
  const none = await dev.call('GET', `${path}/credentials?environment=production`);
  t.is(none.status, 409);
  const cancelled = await dev.call('DELETE', `${path}/subscriptions/${waiting?.id}`);
  t.like(cancelled.body, { state: 'cancelled' });
  t.is((await dev.call('DELETE', `${path}/subscriptions/${waiting?.id}`)).status, 409);

  const at = await dev.call('POST', `${path}/promotion`, { products: [product] });
  t.like((at.body as { data: object[] }).data[0], { state: 'active', environment: 'production' });
  const shown = (await dev.call('GET', path)).body as unknown as Shown;
  const secret = await dev.call('POST', `${path}/credentials`, {
    ...{ environment: 'production', name: 'first' },
  });
  const production = shown.clients.production?.client_id;
  t.is(await tokenStatus(production, secret.body['client_secret'], 200), 200);
});

test.serial('T-26 changing an application is held to what creating it is held to', async (t) => {
  const good = 'https://shop.example.com/back';
  const { id } = await create({ kind: 'web', name: 'Shop', redirect_uris: [good] });
  const client = `/me/applications/${id}/clients/sandbox`;
  const before = await digestTables(gatehouse);
  for (const uri of [
    ...['http://shop.example.com/back', 'https://*.example.com/', 'https://a.example/#x', ''],
    ...['javascript:alert(1)', 'https://u:p@a.example/', 'https://10.0.0.1/back', 'a\nb'],
  ]) {
    const refused = await dev.call('PATCH', client, { redirect_uris: [uri] });
    t.is(refused.status, 400, uri);
    const made = { kind: 'web', name: 'Other shop', redirect_uris: [uri] };
    t.is((await dev.call('POST', '/me/applications', made)).status, 400, uri);
  }
  t.is((await dev.call('PATCH', client, { redirect_uris: [] })).status, 400);
  t.is((await dev.call('PATCH', client, { redirect_uris: Array(51).fill(good) })).status, 400);
  t.is((await dev.call('PATCH', client, { kind: 'machine' })).status, 400);
  for (const body of [
    { name: '' },
    { name: 'Gatehouse' },
    { name: 'a\u202eb' },
    { homepage: 'x:y' },
  ])
    t.is(
      (await dev.call('PATCH', `/me/applications/${id}`, body)).status,
      400,
      JSON.stringify(body),
    );
  t.is((await dev.call('PATCH', `/me/applications/${id}/clients/production`, {})).status, 404);
  t.is((await dev.call('PATCH', `/me/applications/${id}/clients/__proto__`, {})).status, 404);
  t.deepEqual(await digestTables(gatehouse), before);
  const better = ['https://shop.example.com/new'];
  const changed = await dev.call('PATCH', client, { redirect_uris: better });
  t.deepEqual((changed.body as unknown as Shown).clients.sandbox?.redirect_uris, better);
});

test.serial('T-25 what an administrator suspended, its owner cannot start again', async (t) => {
  const { id, clients, client_secret } = await create({ kind: 'machine', name: 'Suspended' });
  const path = `/me/applications/${id}`;
  await suspendApplication(gatehouse.db, id, 'abuse');
  t.is((await dev.call('POST', `${path}/credentials`, { name: 'fresh' })).status, 403);
  t.is((await dev.call('POST', `${path}/subscriptions`, { product_id: product })).status, 409);
  t.is((await dev.call('POST', `${path}/promotion`, { products: [product] })).status, 409);
  for (const disabled of [true, false]) await dev.call('PATCH', path, { disabled });
  await dev.call('DELETE', path);
  const restored = await dev.call('POST', `${path}/restore`);
  t.like(restored.body, { state: 'suspended', suspended_reason: 'abuse' });
  t.is(await tokenStatus(clients.sandbox?.client_id, client_secret, 401), 401);
});

test.serial('a co-owner looks after it, and what is the owner’s alone stays theirs', async (t) => {
  const { id } = await create({ kind: 'machine', name: 'Of two' });
  const path = `/me/applications/${id}`;
  const second = await developer(gatehouse, gatehouse.accounts[2]);
  const { body: me } = await second.call('GET', '/me');
  const { body: owner } = await dev.call('GET', '/me');
  t.is((await second.call('GET', path)).status, 404);
  await insertMember(gatehouse.db, id, String(me['id']));
  t.like((await second.call('GET', path)).body, { owned: false });
  t.is((await second.call('PATCH', path, { description: 'Ours' })).status, 200);
  t.is((await second.call('DELETE', path)).status, 403);
  t.is((await second.call('DELETE', `${path}/members/${owner['id']}`)).status, 403);
  const members = (await second.call('GET', `${path}/members`)).body as { data: object[] };
  t.is(members.data.length, 2);
  t.is((await dev.call('DELETE', `${path}/members/${owner['id']}`)).status, 404);
  t.is((await second.call('DELETE', `${path}/members/${me['id']}`)).status, 204);
  t.is((await second.call('GET', path)).status, 404);
});

test.serial(
  'what creating does by the way needs its own scope, and a name is one’s own once',
  async (t) => {
    const scope = ALL_SCOPES.replace('subscriptions:write ', '');
    const narrow = await developer(gatehouse, gatehouse.accounts[1], scope);
    const request = { kind: 'machine', name: 'By the way', products: [product] };
    const refused = await narrow.call('POST', '/me/applications', request);
    t.is(refused.status, 403);
    t.regex(refused.headers.get('WWW-Authenticate') ?? '', /scope="subscriptions:write"/);
    await create({ kind: 'machine', name: 'By the way' });
    const again = await dev.call('POST', '/me/applications', {
      kind: 'machine',
      name: 'BY THE WAY',
    });
    t.is(again.status, 409);
    t.is(again.body['error'], 'name_taken');
  },
);
