// Managing registered clients (RFC 7592), and a portal that does all of it as Gravitee does.
import test from 'ava';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { disableApplication, suspendApplication } from '../../src/storage/applications.ts';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { addAccount, assertRefused, eventually, post, requestToken } from '../_protocol.ts';
import { addProduct, committed, ordersApi } from '../applications/_application.ts';
import { environmentOf, run, runJson } from '../cli/_cli.ts';
import {
  addRegistrationToken,
  MACHINE,
  manage,
  type Registered,
  register,
  registered,
  sendJson,
  WEB,
} from './_registrar.ts';

let gatehouse: Gatehouse;
let product: string;
test.before(async () => {
  gatehouse = await startGatehouse();
  product = await addProduct(gatehouse);
});
test.after.always(() => gatehouse?.stop());

const tokenFor = (one: Pick<Registered, 'client_id' | 'client_secret'>) =>
  requestToken(
    gatehouse,
    { ...one, redirect_uris: [] },
    { grant_type: 'client_credentials', scope: 'orders.read' },
  );
const isDone = ({ status }: { status: number }) => status === 200;
const applicationOf = async (clientId: string) => {
  const { knex } = gatehouse.db;
  const client = await knex('clients').where({ id: clientId }).first();
  return {
    client,
    application: await knex('applications').where({ id: client.application_id }).first(),
  };
};

test.serial('a portal registers, changes, renews and deletes as Gravitee does', async (t) => {
  const env = environmentOf(gatehouse.config);
  const owner = await addAccount(gatehouse);
  const api = ['--api', `${gatehouse.issuer}/api/v1`, '--scope', 'client:register'];
  const portal = await runJson<{ client_id: string; client_secret: string }>(
    ['clients', 'create', '--kind', 'machine', '--name', 'Portal', ...api],
    env,
  );
  const ask = () =>
    requestToken(
      gatehouse,
      { ...portal, redirect_uris: [] },
      { grant_type: 'client_credentials', scope: 'client:register' },
    );
  const first = await ask();
  t.is(first.status, 200, first.text);
  const metadata = {
    client_name: 'App of a developer',
    application_type: null,
    grant_types: ['client_credentials'],
    response_types: [],
    redirect_uris: [],
    software_id: 'gravitee-app-1',
    scope: 'orders.read',
  };
  // Until somebody said whose they are.
  const early = await register(gatehouse, String(first.body['access_token']), metadata);
  t.is(early.status, 403);
  t.regex(String(early.body['error_description']), /Nothing says whose the clients are/);
  const policy = ['--client', portal.client_id, '--owner', owner.email, '--product', product];
  const made = await runJson(['registration-tokens', 'create', ...policy], env);
  t.is(made['token'], null);

  const access = String((await ask()).body['access_token']);
  const one = await registered(gatehouse, access, metadata);
  t.is(one['software_id'], 'gravitee-app-1');
  t.is(one['scope'], 'orders.read orders.write');
  t.is((await applicationOf(one.client_id)).application.owner_id, owner.id);
  t.is((await tokenFor(one)).status, 200);

  const changes = {
    ...metadata,
    client_id: one.client_id,
    client_name: 'Its new name',
    software_version: '2',
  };
  const changed = await manage(one, 'PUT', changes);
  t.is(changed.status, 200, changed.text);
  t.like(changed.body, {
    client_id: one.client_id,
    client_name: 'Its new name',
    software_id: 'gravitee-app-1',
    software_version: '2',
    registration_access_token: one.registration_access_token,
    registration_client_uri: one.registration_client_uri,
    client_id_issued_at: one['client_id_issued_at'],
  });
  for (const method of ['POST', 'PUT', 'PATCH']) {
    const uri = `${one.registration_client_uri}/renew-secret`;
    const renewed = await sendJson(uri, method, one.registration_access_token, {});
    t.is(renewed.status, 200, renewed.text);
    t.like(renewed.body, { client_id: one.client_id, client_name: 'Its new name' });
    const secret = renewed.body as unknown as Registered;
    t.is((await eventually(() => tokenFor(secret), isDone)).status, 200);
    // The old one goes on for a day.
    t.is((await tokenFor(one)).status, 200);
  }
  t.is((await manage(one, 'DELETE')).status, 204);
  const refused = await eventually(
    () => tokenFor(one),
    ({ status }) => status === 401,
  );
  t.is(refused.status, 401);
  t.is((await manage(one, 'GET')).status, 401);
});

test.serial(
  'what a client reads is what it is; a change replaces what it may set, and nothing else',
  async (t) => {
    const { token } = await addRegistrationToken(gatehouse, '--product', product);
    const one = await registered(gatehouse, token, {
      ...WEB,
      ...{
        contacts: ['a@example.com'],
        post_logout_redirect_uris: ['https://trucks.example.com/'],
      },
      ...{
        client_uri: 'https://trucks.example.com/',
        logo_uri: 'https://trucks.example.com/l.png',
      },
    });
    const { client_secret: secret, ...rest } = one;
    t.deepEqual((await manage(one, 'GET')).body, rest);
    const { knex } = gatehouse.db;
    const origins = ['https://console.example.com'];
    await knex('clients')
      .where({ id: one.client_id })
      .update({
        allowed_cors_origins: origins,
        default_api_id: ordersApi(gatehouse, 'sandbox').id,
      });
    const before = await applicationOf(one.client_id);
    const subscriptions = await knex('subscriptions').where({
      application_id: before.application.id,
    });

    const callback = 'https://trucks.example.com/other';
    const answer = await manage(one, 'PUT', {
      ...{ client_id: one.client_id, client_secret: secret, redirect_uris: [callback] },
      ...{ owner: 'usr_x', owner_id: 'usr_x', environment: 'production', first_party: true },
      ...{
        allowed_cors_origins: [],
        default_api_id: null,
        client_id_issued_at: 1,
        application_id: 'app_x',
      },
    });
    t.is(answer.status, 200, answer.text);
    t.is(answer.body['client_secret'], secret);
    t.deepEqual(answer.body['redirect_uris'], [callback]);
    t.deepEqual(answer.body['post_logout_redirect_uris'], []);
    for (const name of ['contacts', 'client_uri', 'logo_uri']) t.false(name in answer.body, name);
    t.is(answer.body['client_name'], 'Trucks');
    const after = await applicationOf(one.client_id);
    const kept = [
      'first_party',
      'environment',
      'allowed_cors_origins',
      'default_api_id',
      'kind',
      'application_id',
    ];
    for (const name of kept) t.deepEqual(after.client[name], before.client[name], name);
    t.is(after.application.owner_id, before.application.owner_id);
    const { id } = after.application;
    t.deepEqual(await knex('subscriptions').where({ application_id: id }), subscriptions);
  },
);

test.serial(
  'T-26 a change is held to the rules of its token; refused, it changes nothing',
  async (t) => {
    const hosts = ['--redirect-host', 'trucks.example.com'];
    const { token } = await addRegistrationToken(gatehouse, '--kinds', 'web', 'machine', ...hosts);
    const one = await registered(gatehouse, token, WEB);
    const body = { ...WEB, client_id: one.client_id };
    const before = await applicationOf(one.client_id);
    const refused: [object, string, RegExp][] = [
      [
        { ...body, redirect_uris: ['https://evil.example.net/'] },
        'invalid_redirect_uri',
        /not at one of/,
      ],
      [{ ...body, redirect_uris: ['http://trucks.example.com/'] }, 'invalid_redirect_uri', /https/],
      [{ ...body, redirect_uris: [] }, 'invalid_redirect_uri', /at least one/],
      [
        { ...body, grant_types: ['client_credentials'], redirect_uris: [] },
        'invalid_client_metadata',
        /is a web client and stays one/,
      ],
      [{ ...body, token_endpoint_auth_method: 'none' }, 'invalid_client_metadata', /stays one/],
      [
        {
          ...body,
          token_endpoint_auth_method: 'private_key_jwt',
          jwks_uri: 'https://a.example.com/k',
        },
        'invalid_client_metadata',
        /that stays/,
      ],
      [{ ...body, scope: 'orders.read' }, 'invalid_client_metadata', /is not one of this token/],
      [{ ...body, client_name: 'x'.repeat(200) }, 'invalid_client_metadata', /./],
      [{ ...body, tos_uri: 'javascript:alert(1)' }, 'invalid_client_metadata', /tos_uri/],
      [{ ...body, client_id: 'c_other' }, 'invalid_client_metadata', /client_id must be/],
      [WEB, 'invalid_client_metadata', /client_id must be/],
      [
        { ...body, client_secret: 'gh_sec_wrong' },
        'invalid_client_metadata',
        /not one of this client/,
      ],
    ];
    for (const [sent, error, description] of refused)
      assertRefused(t, await manage(one, 'PUT', sent), { error, description });
    t.deepEqual(await applicationOf(one.client_id), before);
  },
);

test.serial('a token manages its own client only, and nobody without one', async (t) => {
  const { token } = await addRegistrationToken(gatehouse);
  const mine = await registered(gatehouse, token, MACHINE);
  const other = await registered(gatehouse, token, MACHINE);
  const before = await applicationOf(other.client_id);
  const foreign = { ...mine, registration_client_uri: other.registration_client_uri };
  const nobody = { ...other, registration_access_token: '' };
  const initial = { ...other, registration_access_token: token };
  const unknown = { ...mine, registration_client_uri: `${gatehouse.issuer}/register/c_%00` };
  for (const one of [foreign, nobody, initial, unknown]) {
    const body = { ...MACHINE, client_id: other.client_id };
    for (const method of ['GET', 'PUT', 'DELETE']) {
      const answer = await manage(one, method, method === 'PUT' ? body : undefined);
      t.is(answer.status, 401, `${method} ${answer.text}`);
      t.is(answer.body['error'], 'invalid_token');
    }
    const uri = `${one.registration_client_uri}/renew-secret`;
    t.is((await sendJson(uri, 'POST', one.registration_access_token)).status, 401);
  }
  t.deepEqual(await applicationOf(other.client_id), before);
  t.is((await manage(mine, 'GET')).status, 200);
});

test.serial('T-25 a stopped client is not revived by its token', async (t) => {
  const { token, owner } = await addRegistrationToken(gatehouse, '--product', product);
  const one = await registered(gatehouse, token, MACHINE);
  const { application } = await applicationOf(one.client_id);
  const expectStopped = async (why: string) => {
    const body = { ...MACHINE, client_id: one.client_id };
    t.is((await manage(one, 'GET')).status, 403, why);
    t.is((await manage(one, 'PUT', body)).status, 403, why);
    t.is((await manage(one, 'DELETE')).status, 403, why);
    const uri = `${one.registration_client_uri}/renew-secret`;
    t.is((await sendJson(uri, 'POST', one.registration_access_token)).status, 403, why);
    const answer = await eventually(
      () => tokenFor(one),
      ({ status }) => status === 401,
    );
    t.is(answer.status, 401, why);
  };
  const { db } = gatehouse;
  await committed(gatehouse, () => suspendApplication(db, application.id, 'spam'));
  await expectStopped('suspended');
  await committed(gatehouse, () => suspendApplication(db, application.id, undefined));
  await committed(gatehouse, () => disableApplication(db, application.id, true));
  await expectStopped('disabled');
  await committed(gatehouse, () => disableApplication(db, application.id, false));
  t.is((await manage(one, 'GET')).status, 200);
  await run(['accounts', 'block', owner.email], environmentOf(gatehouse.config));
  await expectStopped('owner blocked');
});

test.serial(
  'a scope that is added brings a subscription; one that was ended does not come back',
  async (t) => {
    const scopes = [{ apiId: ordersApi(gatehouse, 'sandbox').id, scope: 'orders.read' }];
    const reading = await addProduct(gatehouse, { scopes });
    const { token } = await addRegistrationToken(gatehouse, '--product', reading);
    const one = await registered(gatehouse, token, { ...MACHINE, scope: 'openid' });
    // Only scopes of sign-in are asked for: it gets what the token gives.
    t.is(one['scope'], 'orders.read');
    const { application } = await applicationOf(one.client_id);
    const { knex } = gatehouse.db;
    await knex('subscriptions')
      .where({ application_id: application.id })
      .update({ state: 'cancelled' });
    const answer = await manage(one, 'PUT', {
      ...MACHINE,
      client_id: one.client_id,
      scope: 'orders.read',
    });
    t.is(answer.status, 200, answer.text);
    t.is(answer.body['scope'], '');
  },
);

test.serial('keys instead of a secret, and their replacement', async (t) => {
  const { token } = await addRegistrationToken(gatehouse, '--product', product);
  const pair = async (kid: string) => {
    const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
    return { privateKey, jwk: { ...(await exportJWK(publicKey)), kid } };
  };
  const [old, next] = [await pair('old'), await pair('next')];
  const metadata = { ...MACHINE, token_endpoint_auth_method: 'private_key_jwt' };
  const one = await registered(gatehouse, token, { ...metadata, jwks: { keys: [old.jwk] } });
  t.false('client_secret' in one);
  const sign = ({ privateKey, jwk }: Awaited<ReturnType<typeof pair>>) =>
    new SignJWT({ jti: crypto.randomUUID() })
      .setProtectedHeader({ alg: 'ES256', kid: jwk.kid })
      .setIssuer(one.client_id)
      .setSubject(one.client_id)
      .setAudience(gatehouse.issuer)
      .setIssuedAt()
      .setExpirationTime('1m')
      .sign(privateKey);
  const statusWith = async (key: Awaited<ReturnType<typeof pair>>) =>
    (
      await post(gatehouse, '/token', {
        ...{ grant_type: 'client_credentials', scope: 'orders.read' },
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: await sign(key),
      })
    ).status;
  t.is(await statusWith(old), 200);
  const change = { ...metadata, client_id: one.client_id };
  const forged = { ...next.jwk, kid: 'old' };
  assertRefused(t, await manage(one, 'PUT', { ...change, jwks: { keys: [forged] } }), {
    ...{ error: 'invalid_client_metadata', description: /give a new key a new kid/ },
  });
  const answer = await manage(one, 'PUT', { ...change, jwks: { keys: [next.jwk] } });
  t.is(answer.status, 200, answer.text);
  const statuses = await eventually(
    () => Promise.all([statusWith(old), statusWith(next)]),
    ([before, after]) => before === 401 && after === 200,
  );
  t.deepEqual(statuses, [401, 200]);
  const published = await registered(gatehouse, token, {
    ...metadata,
    jwks_uri: 'https://a.example.com/jwks',
  });
  t.like(published, {
    jwks_uri: 'https://a.example.com/jwks',
    token_endpoint_auth_method: 'private_key_jwt',
  });
  t.false('client_secret' in published);
});

test.serial('of changes at once one is left, whole', async (t) => {
  const { token } = await addRegistrationToken(gatehouse);
  const one = await registered(gatehouse, token, WEB);
  const answers = await Promise.all(
    Array.from({ length: 6 }, (_, number) =>
      manage(one, 'PUT', {
        ...{ client_id: one.client_id, client_name: `Name ${number}` },
        ...{
          redirect_uris: [`https://trucks.example.com/${number}`],
          software_version: `${number}`,
        },
      }),
    ),
  );
  // They take turns; who waits too long on a busy machine is told to come again.
  t.true(answers.some(({ status }) => status === 200));
  t.true(answers.every(({ status }) => status === 200 || status === 503));
  const { body } = await manage(one, 'GET');
  const number = String(body['software_version']);
  t.is(body['client_name'], `Name ${number}`);
  t.deepEqual(body['redirect_uris'], [`https://trucks.example.com/${number}`]);
});
