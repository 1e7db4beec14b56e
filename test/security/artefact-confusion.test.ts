// T-09: a value of one type is worth nothing in the place of another.
import test from 'ava';
import { decodeJwt } from 'jose';
import { createAgent } from '../_agent.ts';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { authorization, encode, exchange, obtainCode, type Params, post } from './_flow.ts';

let gatehouse: Gatehouse;
/** Every kind of value that the server hands out, all of one client and one person. */
let values: Record<string, string>;
test.before(async () => {
  gatehouse = await startGatehouse();
  const overrides = { scope: 'openid email offline_access orders.read' };
  const flow = await obtainCode(gatehouse, 'third-party', { overrides });
  const tokens = (await exchange(gatehouse, 'third-party', flow)).json;
  const signIn = await obtainCode(gatehouse, 'third-party', {
    agent: flow.agent,
    overrides: { scope: 'openid email' },
  });
  const plain = (await exchange(gatehouse, 'third-party', signIn)).json;
  const fresh = await obtainCode(gatehouse, 'third-party', { agent: flow.agent, overrides });
  const query = new URL(authorization(gatehouse, 'third-party').url).search.slice(1);
  const pushed = await post(gatehouse, '/par', query, { as: 'third-party' });
  const waiting = createAgent(gatehouse.issuer);
  const page = await waiting.get(authorization(gatehouse, 'third-party').url);
  const uid = new URL(page.url).pathname.split('/')[2] ?? '';
  const cookies = await flow.agent.jar.getCookies(gatehouse.issuer);
  const cookie = (name: string) => cookies.find(({ key }) => key === name)?.value ?? '';
  const grants = await gatehouse.db
    .knex('oidc_payloads')
    .select('payload')
    .where({ model: 'RefreshToken' });
  values = {
    code: fresh.code,
    'refresh token': String(tokens['refresh_token']),
    'JWT access token': String(tokens['access_token']),
    'opaque access token': String(plain['access_token']),
    'ID token': String(tokens['id_token']),
    'jti of an access token': String(decodeJwt(String(tokens['access_token'])).jti),
    'PAR request_uri': String(pushed.json['request_uri']),
    'PAR id': String(pushed.json['request_uri']).split(':').at(-1) ?? '',
    'interaction uid': uid,
    'session id': cookie('gatehouse_session'),
    'session signature': cookie('gatehouse_session.sig'),
    'CSRF token': page.html.querySelector('input[name=csrf]')?.getAttribute('value') ?? '',
    'grant id': String(grants[0]?.payload.grantId),
    'session uid': String(grants[0]?.payload.sessionUid),
    'account id': String(decodeJwt(String(tokens['id_token'])).sub),
    'client id': gatehouse.client('third-party').client_id,
    'client secret': gatehouse.client('third-party').client_secret ?? '',
    'code verifier': fresh.verifier,
    empty: '',
    undefined: 'undefined',
  };
});
test.after.always(() => gatehouse?.stop());

const others = (...names: string[]) =>
  Object.entries(values).filter(([name]) => !names.includes(name));

const ask = (params: Params) => post(gatehouse, '/token', params, { as: 'third-party' });

test('T-09 every value was collected', (t) => {
  for (const [name, value] of others('empty')) t.true(value.length > 5, `${name}: ${value}`);
});

test('T-09 only a code is a code', async (t) => {
  const { redirect_uris } = gatehouse.client('third-party');
  for (const [name, code] of others('code')) {
    const answer = await ask({
      grant_type: 'authorization_code',
      code,
      redirect_uri: redirect_uris[0],
      code_verifier: values['code verifier'],
    });
    t.is(answer.status, 400, name);
    t.regex(String(answer.json['error']), /^invalid_(grant|request)$/, name);
  }
});

test('T-09 only a refresh token is a refresh token', async (t) => {
  for (const [name, refresh_token] of others('refresh token')) {
    const answer = await ask({ grant_type: 'refresh_token', refresh_token });
    t.is(answer.status, 400, name);
    t.regex(String(answer.json['error']), /^invalid_(grant|request)$/, name);
  }
});

test('T-09 only an access token for userinfo opens userinfo', async (t) => {
  for (const [name, token] of others('opaque access token')) {
    for (const scheme of ['Bearer', 'DPoP']) {
      const answer = await fetch(`${gatehouse.issuer}/userinfo`, {
        headers: { Authorization: `${scheme} ${token}` },
      });
      t.true([400, 401].includes(answer.status), name);
      t.false((await answer.text()).includes('example.com'), name);
    }
    const posted = await post(gatehouse, '/userinfo', { access_token: token });
    t.true([400, 401].includes(posted.status), name);
    const queried = await fetch(`${gatehouse.issuer}/userinfo?${encode({ access_token: token })}`);
    t.true([400, 401].includes(queried.status), name);
  }
  const good = { Authorization: `Bearer ${values['opaque access token']}` };
  t.is((await fetch(`${gatehouse.issuer}/userinfo`, { headers: good })).status, 200);
});

test('T-09 only tokens introspect as active, and revoking others revokes nothing', async (t) => {
  const tokens = ['refresh token', 'opaque access token', 'JWT access token'];
  for (const path of ['/introspect', '/revoke']) {
    for (const [name, token] of others(...tokens)) {
      for (const token_type_hint of [
        'access_token',
        'refresh_token',
        'Session',
        'Grant',
        'AuthorizationCode',
      ]) {
        const answer = await post(
          gatehouse,
          path,
          { token, token_type_hint },
          { as: 'third-party' },
        );
        t.true(answer.status < 500, name);
        t.not(answer.json['active'], true, name);
        t.false(answer.text.includes('sub'), name);
      }
    }
  }
  const good = { token: values['refresh token'] };
  const alive = await post(gatehouse, '/introspect', good, { as: 'third-party' });
  t.is(alive.json['active'], true);
});

test('T-09 only a request_uri is a request_uri', async (t) => {
  const { client_id } = gatehouse.client('third-party');
  const uris = others('PAR request_uri').flatMap(([name, value]) => [
    [name, value],
    [name, `urn:ietf:params:oauth:request_uri:${value}`],
  ]);
  for (const [name, request_uri] of uris) {
    if (request_uri === values['PAR request_uri'] || request_uri === '') continue;
    const url = `${gatehouse.issuer}/authorize?${encode({ client_id, request_uri })}`;
    const answer = await fetch(url, { redirect: 'manual', headers: { Accept: 'text/html' } });
    t.is(answer.status, 400, `${name} ${request_uri}`);
    t.is(answer.headers.get('Location'), null, name);
    await answer.body?.cancel();
  }
});

test('T-09 only a session id is a session', async (t) => {
  const path = authorization(gatehouse, 'third-party', { prompt: 'none' }).url;
  const signature = values['session signature'];
  for (const [name, value] of others('session id')) {
    const cookies = [
      `gatehouse_session=${value}`,
      `gatehouse_session=${value}; gatehouse_session.sig=${signature}`,
      `gatehouse_session=${value}; gatehouse_session.sig=${value}`,
    ];
    for (const Cookie of cookies) {
      const answer = await fetch(path, { redirect: 'manual', headers: { Cookie } });
      t.regex(answer.headers.get('Location') ?? '', /error=login_required/, name);
      await answer.body?.cancel();
    }
  }
});

test('T-09 only an interaction is an interaction', async (t) => {
  const signature = values['session signature'];
  for (const [name, value] of others('empty')) {
    const uid = encodeURIComponent(value);
    for (const prefix of ['interaction', 'authorize']) {
      const cookie = prefix === 'interaction' ? 'gatehouse_interaction' : 'gatehouse_resume';
      const answer = await fetch(`${gatehouse.issuer}/${prefix}/${uid}`, {
        redirect: 'manual',
        headers: {
          Accept: 'text/html',
          Cookie: `${cookie}=${value}; ${cookie}.sig=${signature}`,
        },
      });
      t.true([400, 404].includes(answer.status), `${prefix} ${name} ${answer.status}`);
      t.is(answer.headers.get('Location'), null, name);
      await answer.body?.cancel();
    }
  }
});

test('T-09 an ID token and an access token are no client assertion', async (t) => {
  for (const [name, client_assertion] of Object.entries(values)) {
    const answer = await post(gatehouse, '/token', {
      grant_type: 'client_credentials',
      client_id: gatehouse.client('machine-jwt').client_id,
      client_assertion,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    });
    t.true([400, 401].includes(answer.status), name);
    t.is(answer.json['access_token'], undefined, name);
  }
});

test('T-09 only an ID token is an id_token_hint', async (t) => {
  const [uri] = gatehouse.client('third-party').post_logout_redirect_uris;
  for (const [name, id_token_hint] of others('ID token', 'empty')) {
    const query = encode({ id_token_hint, post_logout_redirect_uri: uri });
    const answer = await fetch(`${gatehouse.issuer}/logout?${query}`, {
      redirect: 'manual',
      headers: { Accept: 'text/html' },
    });
    t.is(answer.status, 400, name);
    t.is(answer.headers.get('Location'), null, name);
    await answer.body?.cancel();
  }
});
