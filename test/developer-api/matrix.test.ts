// T-58, T-59: every route of the developer's API against everybody who may not use it. The routes are
// those of the OpenAPI document, so that a new one is in here before anybody thinks of it.
import test from 'ava';
import { setAccountState } from '../../src/storage/accounts.ts';
import { listApis } from '../../src/storage/apis.ts';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { addAccount, addClient, requestToken, signInFor } from '../_protocol.ts';
import {
  ALL_SCOPES,
  addProduct,
  type Developer,
  developer,
  resourceOf,
  signInByCli,
  withToken,
} from './_developer.ts';
import { fillIn, type Operation, operationsOf, readDocument, sampleOf } from './_document.ts';
import { digestTables } from './_tables.ts';

let gatehouse: Gatehouse;
let operations: Operation[];
let victim: Developer;
/** Ids of the victim, by the names that paths and bodies give them. */
let ids: Record<string, string>;

test.before(async () => {
  gatehouse = await startGatehouse();
  operations = operationsOf(await readDocument(gatehouse)).filter(({ scope }) => scope);
  const product = await addProduct(gatehouse, 'Orders');
  victim = await developer(gatehouse, gatehouse.accounts[1]);
  const request = { kind: 'machine', name: 'Of the victim', products: [product] };
  const created = await victim.call('POST', '/me/applications', request);
  const id = String(created.body['id']);
  const read = async (path: string) => {
    const { body } = await victim.call('GET', `/me/applications/${id}/${path}`);
    return (body as { data: { id: string }[] }).data[0]?.id ?? '';
  };
  ids = {
    ...{ id, product_id: product },
    credential_id: await read('credentials'),
    subscription_id: await read('subscriptions'),
    member_id: await read('members'),
    environment: 'sandbox',
  };
});
test.after.always(() => gatehouse?.stop());

const send = (as: Developer, { method, path, body }: Operation, headers = {}) =>
  as.call(method, fillIn(path, ids), body && sampleOf(body, ids), headers);

test.serial('without a token that is valid here, nothing is answered', async (t) => {
  const blocked = await addAccount(gatehouse);
  const { access_token, id_token } = await signInByCli(gatehouse, gatehouse.accounts[2]);
  const late = await signInByCli(gatehouse, blocked);
  await setAccountState(gatehouse.db, blocked.id, 'blocked');
  const web = await signInFor(gatehouse, gatehouse.client('web'), { scope: 'openid orders.read' });
  const signature = String(access_token).slice(String(access_token).lastIndexOf('.'));
  const tokens: Record<string, string> = {
    garbage: 'garbage',
    'a token that was changed': `${String(access_token).slice(0, -signature.length)}.AAAA`,
    'an ID token': String(id_token),
    'a token for another API': String(web['access_token']),
    'a token of a blocked account': String(late['access_token']),
  };
  const before = await digestTables(gatehouse);
  for (const operation of operations) {
    const anonymous = await send(withToken(gatehouse, ''), operation);
    t.is(anonymous.status, 401, operation.name);
    const challenge = anonymous.headers.get('WWW-Authenticate');
    t.is(challenge, `Bearer realm="${resourceOf(gatehouse)}"`);
    for (const [name, token] of Object.entries(tokens)) {
      const answer = await send(withToken(gatehouse, token), operation);
      t.is(answer.status, 401, `${operation.name} with ${name}: ${answer.text}`);
      t.regex(answer.headers.get('WWW-Authenticate') ?? '', /error="invalid_token"/);
      t.is(answer.body['error'], 'invalid_token');
      t.regex(String(answer.body['correlation_id']), /^[0-9a-f-]{36}$/);
    }
  }
  t.deepEqual(await digestTables(gatehouse), before);
});

test.serial('without the scope of a route, it names the scope', async (t) => {
  const needed = [...new Set(operations.map(({ scope }) => scope))];
  const before = await digestTables(gatehouse);
  for (const scope of needed) {
    const others = ALL_SCOPES.split(' ').filter((one) => one !== scope);
    const person = await developer(gatehouse, gatehouse.accounts[1], others.join(' '));
    for (const operation of operations.filter((one) => one.scope === scope)) {
      const answer = await send(person, operation);
      t.is(answer.status, 403, `${operation.name}: ${answer.text}`);
      t.is(answer.body['error'], 'insufficient_scope');
      const challenge = answer.headers.get('WWW-Authenticate') ?? '';
      t.true(challenge.includes(`error="insufficient_scope", scope="${scope}"`), challenge);
    }
  }
  t.deepEqual(await digestTables(gatehouse), before);
});

test.serial('a machine is nobody, whatever it was given', async (t) => {
  const api = (await listApis(gatehouse.db)).find(({ id }) => id === 'api_gatehouse');
  if (!api) throw new Error('our own API is not there');
  const all = { api, scopes: api.scopes.map(({ name }) => name) };
  await t.throwsAsync(addClient(gatehouse, { kind: 'machine', entitlements: [all] }), {
    message: /a machine has none/,
  });
  const entitlements = [{ api, scopes: ['client:register'] }];
  const machine = await addClient(gatehouse, { kind: 'machine', entitlements });
  const { body } = await requestToken(gatehouse, machine, { grant_type: 'client_credentials' });
  const program = withToken(gatehouse, String(body['access_token']));
  for (const operation of operations) {
    const answer = await send(program, operation);
    t.is(answer.status, 403, operation.name);
  }
});

const UNKNOWN = {
  id: 'app_000000000000000000000000',
  credential_id: 'cr_000000000000000000000000',
  subscription_id: 'sub_000000000000000000000000',
  member_id: 'usr_000000000000000000000000',
  product_id: 'prd_000000000000000000000000',
};

/** A product for a group in which nobody is. */
async function addHiddenProduct(): Promise<string> {
  const id = 'grp_0123456789abcdef01234567';
  const hidden = await addProduct(gatehouse, 'Hidden');
  await gatehouse.db.knex('groups').insert({ id, name: 'insiders' });
  await gatehouse.db.knex('product_groups').insert({ product_id: hidden, group_id: id });
  return hidden;
}

test.serial('what is somebody else’s is answered like what is not there', async (t) => {
  const stranger = await developer(gatehouse, gatehouse.accounts[2]);
  const before = await digestTables(gatehouse);
  const ofApplications = operations.filter(({ path }) => path.startsWith('/me/applications/'));
  for (const { method, path, body, name } of ofApplications) {
    const sample = body && sampleOf(body, ids);
    const foreign = await stranger.call(method, fillIn(path, ids), sample);
    t.is(foreign.status, 404, `${name}: ${foreign.text}`);
    const missing = await stranger.call(method, fillIn(path, UNKNOWN), sample);
    t.is(missing.status, 404, name);
    const { correlation_id: _, ...words } = foreign.body;
    const { correlation_id: __, ...otherWords } = missing.body;
    t.deepEqual(words, otherWords, name);
  }
  t.deepEqual(await digestTables(gatehouse), before);
});

test.serial('nor behind an id of one’s own, or in the body', async (t) => {
  const stranger = await developer(gatehouse, gatehouse.accounts[2]);
  const hidden = await addHiddenProduct();
  const own = await stranger.call('POST', '/me/applications', { kind: 'machine', name: 'Mine' });
  const before = await digestTables(gatehouse);
  const request = { kind: 'machine', name: 'With a hidden product', products: [hidden] };
  const refused = await stranger.call('POST', '/me/applications', request);
  t.is(refused.status, 404, refused.text);
  t.is((await stranger.call('GET', `/products/${hidden}`)).status, 404);
  const mixed = { ...ids, id: String(own.body['id']), product_id: hidden };
  const twoIds = operations.filter(
    ({ path, body, name }) =>
      name !== 'createApplication' &&
      (/\{\w+_id\}/.test(path) || /"product(s|_id)":/.test(JSON.stringify(body ?? {}))),
  );
  t.true(twoIds.length > 0);
  for (const { method, path, body, name } of twoIds) {
    const sample = body && sampleOf(body, { ...mixed, products: [hidden] });
    const answer = await stranger.call(method, fillIn(path, mixed), sample);
    t.is(answer.status, 404, `${name}: ${answer.text}`);
  }
  t.deepEqual(await digestTables(gatehouse), before);
});

const PLANTED = [
  ...['owner', 'owner_id', 'ownerId', 'account_id', 'userId', 'user_id', 'tenantId', 'members'],
  ...['first_party', 'is_first_party', 'skip_consent', 'scope', 'scopes', 'entitlements'],
  ...['grant_types', 'token_endpoint_auth_method', 'jwks_uri', 'subject_type', 'client_secret'],
  ...['verified', 'verified_at', 'state', 'suspended_at', 'disabled_at', 'erase_at', 'approval'],
  ...['application_id', 'client_id', 'clients', 'quota_class', 'created_at', '__proto__'],
  ...['constructor', 'prototype', 'hasOwnProperty', 'NAME', 'id'],
];

test.serial('what a route does not know is refused by name', async (t) => {
  const before = await digestTables(gatehouse);
  for (const { method, path, body, name } of operations) {
    if (!body) continue;
    const sample = sampleOf(body, ids) as object;
    const names = [...PLANTED, ...('environment' in sample ? [] : ['environment'])];
    for (const planted of names.filter((one) => !Object.hasOwn(sample, one))) {
      const text = JSON.stringify(sample).replace(
        /\}$/,
        `${Object.keys(sample).length ? ',' : ''}"${planted}":"x"}`,
      );
      const answer = await fetch(`${resourceOf(gatehouse)}${fillIn(path, ids)}`, {
        method,
        headers: { Authorization: `Bearer ${victim.token}`, 'Content-Type': 'application/json' },
        body: text,
      });
      const { error_description } = (await answer.json()) as { error_description: string };
      t.is(answer.status, 400, `${name} with ${planted}`);
      t.true(error_description.includes(`${planted} cannot be set`), error_description);
    }
  }
  t.deepEqual(await digestTables(gatehouse), before);
});
