// Dynamic client registration (RFC 7591): by openid-client, by initial access tokens, and what they
// do not allow.
import test from 'ava';
import * as client from 'openid-client';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { assertRefused, requestToken, send } from '../_protocol.ts';
import { addProduct, ordersApi } from '../applications/_application.ts';
import { environmentOf, run } from '../cli/_cli.ts';
import { addRegistrationToken, MACHINE, register, registered, WEB } from './_registrar.ts';

let gatehouse: Gatehouse;
let product: string;
test.before(async () => {
  gatehouse = await startGatehouse();
  product = await addProduct(gatehouse);
});
test.after.always(() => gatehouse?.stop());

const countOf = async (table: string) => (await gatehouse.db.knex(table).count())[0]?.['count'];

test.serial('openid-client registers a client that gets a token at once', async (t) => {
  const { token, owner } = await addRegistrationToken(gatehouse, '--product', product);
  const configuration = await client.dynamicClientRegistration(
    new URL(gatehouse.issuer),
    { ...MACHINE, scope: 'orders.read', software_id: 'sync-4711', contacts: ['ops@example.com'] },
    undefined,
    { initialAccessToken: token, execute: [client.allowInsecureRequests] },
  );
  t.is(configuration.serverMetadata()['registration_endpoint'], `${gatehouse.issuer}/register`);
  const metadata = configuration.clientMetadata();
  t.like(metadata, {
    software_id: 'sync-4711',
    contacts: ['ops@example.com'],
    token_endpoint_auth_method: 'client_secret_basic',
    client_secret_expires_at: 0,
    environment: 'sandbox',
  });
  t.regex(String(metadata.client_secret), /^gh_sec_/);
  t.regex(String(metadata['registration_access_token']), /^gh_rat_/);
  const tokens = await client.clientCredentialsGrant(configuration, { scope: 'orders.read' });
  t.truthy(tokens.access_token);
  const row = await gatehouse.db.knex('clients').where({ id: metadata.client_id }).first();
  const application = await gatehouse.db
    .knex('applications')
    .where({ id: row.application_id })
    .first();
  t.like(application, { owner_id: owner.id, kind: 'machine', name: 'Nightly sync' });
});

test.serial('a sandbox client reaches no production API, whatever it asks for', async (t) => {
  const { token } = await addRegistrationToken(gatehouse, '--product', product);
  const one = await registered(gatehouse, token, MACHINE);
  const { audience } = ordersApi(gatehouse, 'production');
  const machine = { ...one, redirect_uris: [] };
  const params = { grant_type: 'client_credentials', resource: audience };
  t.is((await requestToken(gatehouse, machine, params)).status, 400);
});

test.serial('a token may register production clients when it says so', async (t) => {
  const options = ['--product', product, '--environment', 'production', '--kinds', 'machine'];
  const { token } = await addRegistrationToken(gatehouse, ...options);
  const one = await registered(gatehouse, token, MACHINE);
  t.is(one['environment'], 'production');
  const params = {
    grant_type: 'client_credentials',
    resource: ordersApi(gatehouse, 'production').resource,
  };
  const answer = await requestToken(gatehouse, { ...one, redirect_uris: [] }, params);
  t.is(answer.status, 200, answer.text);
});

test.serial('each kind is told by what it sends', async (t) => {
  const { token } = await addRegistrationToken(gatehouse, '--product', product);
  const kinds: [object, object][] = [
    [WEB, { application_type: 'web', token_endpoint_auth_method: 'client_secret_basic' }],
    [{ ...WEB, token_endpoint_auth_method: 'client_secret_post' }, { response_types: ['code'] }],
    [{ ...WEB, token_endpoint_auth_method: 'none' }, { client_secret: undefined }],
    [
      { ...WEB, application_type: 'native', redirect_uris: ['http://127.0.0.1/callback'] },
      { application_type: 'native', token_endpoint_auth_method: 'none', client_secret: undefined },
    ],
    [
      { ...MACHINE, application_type: null, redirect_uris: [], response_types: [] },
      { response_types: [] },
    ],
    [
      { ...WEB, grant_types: ['authorization_code', 'refresh_token'], response_types: ['code'] },
      {},
    ],
  ];
  for (const [sent, expected] of kinds) {
    const answer = await register(gatehouse, token, sent);
    t.is(answer.status, 201, answer.text);
    t.is(answer.headers.get('Cache-Control'), 'no-store');
    for (const [name, value] of Object.entries(expected))
      t.deepEqual(answer.body[name], value, `${name} of ${JSON.stringify(sent)}`);
  }
  const spa = await registered(gatehouse, token, { ...WEB, token_endpoint_auth_method: 'none' });
  const [row] = await gatehouse.db.knex('clients').where({ id: spa.client_id });
  t.deepEqual(row.allowed_cors_origins, ['https://trucks.example.com']);
});

const METADATA = 'invalid_client_metadata';
const REDIRECT = 'invalid_redirect_uri';
const uris = (...redirect_uris: unknown[]) => ({ ...WEB, redirect_uris });
const REFUSED: [object, string, RegExp][] = [
  [uris('http://trucks.example.com/callback'), REDIRECT, /must use https/],
  [uris('https://trucks.example.com/*'), REDIRECT, /wildcards/],
  [uris('https://evil.example.net/callback'), REDIRECT, /not at one of the hosts/],
  [uris('https://trucks.example.com.evil.net/callback'), REDIRECT, /not at one of the hosts/],
  [uris(), REDIRECT, /at least one redirect URI/],
  [uris(17), REDIRECT, /must be a list/],
  [uris('javascript:alert(1)'), REDIRECT, /./],
  [{ ...WEB, post_logout_redirect_uris: ['JavaScript:alert(1)'] }, REDIRECT, /./],
  [{ ...WEB, logo_uri: ' javascript:alert(1)' }, METADATA, /logo_uri must be a URL/],
  [{ ...WEB, policy_uri: 'DATA:text/html,x' }, METADATA, /policy_uri must be/],
  [{ ...WEB, tos_uri: 'http://trucks.example.com' }, METADATA, /tos_uri must be/],
  [{ ...WEB, client_uri: 'vbscript:x' }, METADATA, /client_uri must be/],
  [{ ...WEB, jwks_uri: 'file:///etc/passwd' }, METADATA, /jwks_uri must be/],
  [{ ...WEB, grant_types: ['password'] }, METADATA, /grant type password is not taken/],
  [{ ...WEB, grant_types: ['implicit'] }, METADATA, /grant type implicit is not taken/],
  [{ ...WEB, grant_types: ['refresh_token'] }, METADATA, /nothing by itself/],
  [{ ...WEB, grant_types: ['authorization_code', 'client_credentials'] }, METADATA, /register two/],
  [{ ...WEB, response_types: ['token'] }, METADATA, /response type token is not taken/],
  [{ ...WEB, token_endpoint_auth_method: 'client_secret_jwt' }, METADATA, /is not taken/],
  [{ ...WEB, token_endpoint_auth_method: 'private_key_jwt' }, METADATA, /needs the public keys/],
  [{ ...WEB, token_endpoint_auth_method: 'none' }, METADATA, /registers web, machine clients only/],
  [{ ...MACHINE, token_endpoint_auth_method: 'none' }, METADATA, /must authenticate/],
  [
    { ...MACHINE, scope: 'orders.read admin.all' },
    METADATA,
    /scope admin.all is not one of this token/,
  ],
  [{ ...WEB, software_statement: 'eyJ' }, METADATA, /software_statement is not taken/],
  [{ ...WEB, client_name: 'Gatehouse Support' }, METADATA, /./],
  [{ ...WEB, client_name: 'a\u202eb' }, METADATA, /./],
  [{ ...WEB, contacts: 'ops@example.com' }, METADATA, /contacts is not of the form/],
];
test.serial(
  'T-14 T-26 what a token does not allow is refused with a sentence, and nothing is kept',
  async (t) => {
    const options = ['--kinds', 'web', 'machine', '--product', product];
    const hosts = ['--redirect-host', 'trucks.example.com', '*.trucks.example.com', '--uses', '1'];
    const { token } = await addRegistrationToken(gatehouse, ...options, ...hosts);
    const before = [await countOf('clients'), await countOf('applications')];
    for (const [sent, error, description] of REFUSED)
      assertRefused(t, await register(gatehouse, token, sent), { error, description });
    t.deepEqual([await countOf('clients'), await countOf('applications')], before);
    // What is nobody's to set is not set.
    const more = { owner_id: 'usr_x', first_party: true, environment: 'production', id: 'c_mine' };
    const taken = await registered(gatehouse, token, {
      ...uris('https://a.trucks.example.com/callback'),
      ...{ ...more, client_id: 'c_mine', client_secret: 'mine', skip_consent: true },
    });
    const [row] = await gatehouse.db.knex('clients').where({ id: taken.client_id });
    t.like(row, { first_party: false, environment: 'sandbox' });
    // No refusal used the token up.
    t.is((await register(gatehouse, token, MACHINE)).status, 401);
  },
);

test.serial('a token for one client registers one, however many ask at once', async (t) => {
  const { token } = await addRegistrationToken(gatehouse, '--uses', '1');
  const answers = await Promise.all(
    Array.from({ length: 10 }, () => register(gatehouse, token, MACHINE)),
  );
  t.deepEqual(answers.map(({ status }) => status).toSorted(), [201, ...Array(9).fill(401)]);
});

test.serial(
  'no token, a wrong, revoked or expired one, or one of a blocked owner: 401',
  async (t) => {
    const refuse = async (token: string) => {
      const answer = await register(gatehouse, token, MACHINE);
      t.is(answer.status, 401, answer.text);
      t.is(answer.body['error'], 'invalid_token');
      t.regex(answer.headers.get('WWW-Authenticate') ?? '', /^Bearer/);
    };
    await refuse('');
    await refuse('gh_iat_nonsense');
    await refuse('eyJhbGciOiJub25lIn0.e30.');
    const revoked = await addRegistrationToken(gatehouse);
    await run(['registration-tokens', 'revoke', revoked.id], environmentOf(gatehouse.config));
    await refuse(revoked.token);
    const expired = await addRegistrationToken(gatehouse, '--expires', '2999-01-01');
    await gatehouse.db
      .knex('registration_policies')
      .where({ id: expired.id })
      .update({ expires_at: new Date(0) });
    await refuse(expired.token);
    const blocked = await addRegistrationToken(gatehouse);
    await gatehouse.db
      .knex('accounts')
      .where({ id: blocked.owner.id })
      .update({ state: 'blocked' });
    await refuse(blocked.token);
    const plain = await send(`${gatehouse.issuer}/register`, {
      ...{ method: 'POST', body: 'a=b' },
      headers: { Authorization: `Bearer ${(await addRegistrationToken(gatehouse)).token}` },
    });
    t.is(plain.status, 415);
  },
);

test.serial('an owner has no more applications than they may', async (t) => {
  const { token, owner } = await addRegistrationToken(gatehouse);
  for (let count = 0; count < 20; count += 1) await registered(gatehouse, token, MACHINE);
  const answer = await register(gatehouse, token, MACHINE);
  assertRefused(t, answer, { status: 409, error: 'limit_reached', description: /at most 20/ });
  const owned = await gatehouse.db.knex('applications').where({ owner_id: owner.id });
  t.is(owned.length, 20);
});

test.serial('tokens are shown once, and no table has them', async (t) => {
  const { token, id } = await addRegistrationToken(gatehouse, '--product', product);
  const one = await registered(gatehouse, token, MACHINE);
  const listed = await run(['registration-tokens', 'list'], environmentOf(gatehouse.config));
  t.true(listed.stdout.includes(id));
  const tables = ['registration_policies', 'registered_clients', 'events', 'audit_events'];
  const rows = await Promise.all(tables.map((table) => gatehouse.db.knex(table)));
  const text = [listed.stdout, JSON.stringify(rows), ...gatehouse.log].join('\n');
  for (const value of [token, one.registration_access_token, one.client_secret])
    t.false(text.includes(value.slice(7, 40)));
});
