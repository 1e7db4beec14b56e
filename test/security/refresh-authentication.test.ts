// T-23: a refresh token is worth nothing without its client, and a failed attempt does not burn it.
import test from 'ava';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { basic, exchange, obtainCode, type Params, post } from './_flow.ts';

let gatehouse: Gatehouse;
test.before(async () => {
  gatehouse = await startGatehouse();
});
test.after.always(() => gatehouse?.stop());

const OFFLINE = { scope: 'openid offline_access orders.read' };

async function refreshToken(kind: string): Promise<string> {
  const flow = await obtainCode(gatehouse, kind, { overrides: OFFLINE });
  return String((await exchange(gatehouse, kind, flow)).json['refresh_token']);
}

const encoded = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;

test('T-23 a confidential client’s refresh token needs its secret', async (t) => {
  const refresh_token = await refreshToken('web');
  const { client_id, client_secret = '' } = gatehouse.client('web');
  const other = gatehouse.client('third-party');
  const spa = gatehouse.client('spa');
  const attempts: [string, Params, string?][] = [
    ['nothing', {}],
    ['its id alone', { client_id }],
    ['an empty secret', { client_id, client_secret: '' }],
    ['a blank secret', { client_id, client_secret: ' ' }],
    ['a wrong secret', { client_id, client_secret: 'wrong' }],
    ['the stored placeholder', { client_id, client_secret: 'stored-as-hash' }],
    ['a truncated secret', { client_id, client_secret: client_secret.slice(0, -1) }],
    ['a longer secret', { client_id, client_secret: `${client_secret}x` }],
    ['a padded secret', { client_id, client_secret: `${client_secret} ` }],
    ['a NUL after the secret', { client_id, client_secret: `${client_secret}\0` }],
    ['another case', { client_id, client_secret: client_secret.toUpperCase() }],
    ['the secret twice', { client_id, client_secret: [client_secret, client_secret] }],
    ['an array', { client_id, 'client_secret[]': client_secret }],
    ['the secret of another client', { client_id, client_secret: other.client_secret }],
    ['another client', {}, basic(gatehouse, 'third-party')],
    ['another client’s id in the form', { client_id }, basic(gatehouse, 'third-party')],
    ['another id under its own secret', { client_id: other.client_id }, basic(gatehouse, 'web')],
    ['a public client', { client_id: spa.client_id }],
    ['a machine', {}, basic(gatehouse, 'machine')],
    ['Basic without a secret', {}, encoded(`${client_id}:`)],
    ['Basic without a colon', {}, encoded(client_id)],
    ['Basic with nothing', {}, 'Basic '],
    ['Basic with no id', {}, encoded(`:${client_secret}`)],
    ['Basic with a NUL', {}, encoded(`${client_id}\0:${client_secret}`)],
    ['Basic with a percent', {}, encoded(`${client_id}:%zz`)],
    ['Bearer', { client_id }, `Bearer ${client_secret}`],
    ['two schemes', {}, `${basic(gatehouse, 'third-party')}, ${basic(gatehouse, 'web')}`],
    ['Basic and POST', { client_id, client_secret }, encoded(`${client_id}:wrong`)],
    ['an assertion that is none', { client_id, client_assertion: 'x', client_assertion_type: 'y' }],
    ['an account', { client_id: 'usr_0123456789abcdef01234567' }],
    ['__proto__', { client_id: '__proto__' }],
  ];
  for (const [name, params, authorization] of attempts) {
    const answer = await post(
      gatehouse,
      '/token',
      { grant_type: 'refresh_token', refresh_token, ...params },
      authorization === undefined ? {} : { headers: { Authorization: authorization } },
    );
    t.true([400, 401].includes(answer.status), `${name}: ${answer.status} ${answer.text}`);
    t.is(answer.json['access_token'], undefined, name);
    t.false(answer.text.includes(refresh_token), name);
  }
  const honest = await post(
    gatehouse,
    '/token',
    { grant_type: 'refresh_token', refresh_token },
    { as: 'web' },
  );
  t.is(honest.status, 200, 'the attacks did not consume it');
});

test('T-23 a public client’s refresh token works under its own id only', async (t) => {
  const refresh_token = await refreshToken('spa');
  const { client_id } = gatehouse.client('spa');
  const attempts: [string, Params, string?][] = [
    ['nothing', {}],
    ['another public client', { client_id: gatehouse.client('native').client_id }],
    ['a confidential client', {}, basic(gatehouse, 'web')],
    ['the console', { client_id: gatehouse.client('console').client_id }],
    ['its id twice', { client_id: [client_id, client_id] }],
    ['its id in upper case', { client_id: client_id.toUpperCase() }],
    ['its id and a blank', { client_id: `${client_id} ` }],
    ['its id and a NUL', { client_id: `${client_id}\0` }],
    ['its id with a secret', { client_id, client_secret: 'x' }],
    ['its id by Basic', {}, encoded(`${client_id}:`)],
  ];
  for (const [name, params, authorization] of attempts) {
    const answer = await post(
      gatehouse,
      '/token',
      { grant_type: 'refresh_token', refresh_token, ...params },
      authorization === undefined ? {} : { headers: { Authorization: authorization } },
    );
    t.true([400, 401].includes(answer.status), `${name}: ${answer.status} ${answer.text}`);
  }
  const params = { grant_type: 'refresh_token', refresh_token, client_id };
  t.is((await post(gatehouse, '/token', params)).status, 200);
});

test('T-23 nobody revokes or reads the token of another client', async (t) => {
  const token = await refreshToken('third-party');
  for (const path of ['/revoke', '/introspect']) {
    for (const token_type_hint of ['refresh_token', 'access_token', 'x', undefined]) {
      for (const kind of ['web', 'machine', 'resource-server']) {
        const answer = await post(gatehouse, path, { token, token_type_hint }, { as: kind });
        t.true(answer.status < 500);
        if (path === '/introspect') t.deepEqual(answer.json, { active: false }, kind);
      }
      const client_id = gatehouse.client('spa').client_id;
      const answer = await post(gatehouse, path, { token, token_type_hint, client_id });
      t.not(answer.json['active'], true);
    }
  }
  const own = await post(gatehouse, '/introspect', { token }, { as: 'third-party' });
  t.is(own.json['active'], true);
});
