// T-52: no name of a parameter, member or claim reaches a prototype.
import { randomUUID } from 'node:crypto';
import test from 'ava';
import { decodeJwt, importJWK, SignJWT } from 'jose';
import { createAgent } from '../_agent.ts';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { authorization, obtainCode, post } from './_flow.ts';

let gatehouse: Gatehouse;
test.before(async () => {
  gatehouse = await startGatehouse();
});
test.after.always(() => gatehouse?.stop());

const NAMES = [
  '__proto__',
  '__proto__[polluted]',
  '__proto__.polluted',
  '__proto__[first_party]',
  '__proto__[scope]',
  'constructor',
  'constructor[prototype][polluted]',
  'constructor.prototype.polluted',
  'prototype',
  'hasOwnProperty',
  'toString',
  'valueOf',
  'then',
  'toJSON',
  'length',
  '__defineGetter__',
  'a[__proto__][polluted]',
  '%5F%5Fproto%5F%5F',
];

/** The server runs in this process: what reaches a prototype there shows here. */
function pollution(): string[] {
  const clean = Object.create(null);
  const own = Object.getOwnPropertyNames(Object.prototype);
  for (const name of own) clean[name] = true;
  const empty: Record<string, unknown> = {};
  return ['polluted', 'first_party', 'scope', 'isAdmin']
    .filter((name) => empty[name] !== undefined)
    .concat(Object.keys(Object.prototype), Object.keys(Array.prototype));
}

const OWN = Object.getOwnPropertyNames(Object.prototype).toString();
test.afterEach.always('no prototype has changed', (t) => {
  t.deepEqual(pollution(), []);
  t.is(Object.getOwnPropertyNames(Object.prototype).toString(), OWN);
});

test('T-52 names of parameters change nothing at any endpoint', async (t) => {
  for (const name of NAMES) {
    for (const value of ['1', '{"polluted":1}', 'orders.write']) {
      const extra = `${name}=${encodeURIComponent(value)}`;
      const { url } = authorization(gatehouse, 'web');
      const authorized = await fetch(`${url}&${extra}`, { redirect: 'manual' });
      t.is(authorized.status, 303, name);
      const machine = await post(
        gatehouse,
        '/token',
        `grant_type=client_credentials&scope=orders.read&resource=https%3A%2F%2Fapi.example.com%2Forders&${extra}`,
        { as: 'machine' },
      );
      t.is(machine.status, 200, name);
      t.is(decodeJwt(String(machine.json['access_token']))['scope'], 'orders.read');
      const query = new URL(url).search.slice(1);
      t.is((await post(gatehouse, '/par', `${query}&${extra}`, { as: 'web' })).status, 201, name);
      const introspected = await post(gatehouse, '/introspect', `token=x&${extra}`, { as: 'web' });
      t.deepEqual(introspected.json, { active: false }, name);
      t.is((await post(gatehouse, '/revoke', `token=x&${extra}`, { as: 'web' })).status, 200, name);
      t.is((await fetch(`${gatehouse.issuer}/logout?${extra}`)).status, 200, name);
    }
  }
});

test('T-52 names of fields change nothing on our own forms', async (t) => {
  for (const name of NAMES) {
    const agent = createAgent(gatehouse.issuer);
    const page = await agent.get(authorization(gatehouse, 'web').url);
    const csrf = page.html.querySelector('input[name=csrf]')?.getAttribute('value') ?? '';
    const { email = '', password = '' } = gatehouse.accounts[0] ?? {};
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
    const wrong = new URLSearchParams({ csrf, email, password: 'wrong' });
    const refused = await agent.request(`${page.url}/sign-in`, {
      method: 'POST',
      headers,
      body: `${wrong}&${name}=1`,
    });
    t.is(refused.status, 400, name);
    const without = await agent.request(`${page.url}/sign-in`, {
      method: 'POST',
      headers,
      body: `__proto__[csrf]=${csrf}&__proto__=${csrf}&${new URLSearchParams({ email, password })}`,
    });
    t.is(without.status, 403, name);
  }
});

test('T-52 members of a client assertion change nothing', async (t) => {
  const { client_id, private_jwk = {} } = gatehouse.client('machine-jwt');
  const key = await importJWK(private_jwk, 'ES256');
  for (const members of [
    '"__proto__":{"polluted":1,"aud":"x"}',
    '"constructor":{"prototype":{"polluted":1}}',
    '"toString":"x","valueOf":"y","hasOwnProperty":"z"',
    '"__proto__":null',
  ]) {
    const honest = JSON.stringify({
      iss: client_id,
      sub: client_id,
      aud: gatehouse.issuer,
      jti: randomUUID(),
      exp: Math.floor(Date.now() / 1000) + 60,
    });
    const claims = JSON.parse(honest.replace(/}$/, `,${members}}`));
    const client_assertion = await new SignJWT(claims)
      .setProtectedHeader({ alg: 'ES256', ...JSON.parse(`{${members}}`) })
      .sign(key);
    const answer = await post(gatehouse, '/token', {
      grant_type: 'client_credentials',
      scope: 'orders.read',
      client_assertion,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    });
    t.true([200, 400, 401].includes(answer.status), `${members} ${answer.text}`);
  }
});

test('T-52 an inherited name is no client, API, scope, grant type, prompt or mode', async (t) => {
  for (const word of [
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty',
    'valueOf',
    'isPrototypeOf',
  ]) {
    const machine = (params: Record<string, string>) =>
      post(gatehouse, '/token', { grant_type: 'client_credentials', ...params }, { as: 'machine' });
    t.is((await machine({ scope: word })).json['error'], 'invalid_scope', word);
    t.is((await machine({ resource: word })).json['error'], 'invalid_target', word);
    t.is((await machine({ audience: word })).json['error'], 'invalid_target', word);
    t.is((await machine({ grant_type: word })).json['error'], 'unsupported_grant_type', word);
    t.is((await machine({ client_id: word })).json['error'], 'invalid_request', word);
    for (const name of ['prompt', 'response_mode', 'response_type', 'code_challenge_method']) {
      const { url } = authorization(gatehouse, 'web', { [name]: word });
      const answer = await fetch(url, { redirect: 'manual' });
      t.regex(answer.headers.get('Location') ?? '', /[?&#]error=/, `${name} ${word}`);
    }
    for (const path of [
      `/${word}`,
      `/assets/${word}`,
      `/interaction/${word}`,
      `/authorize/${word}`,
    ]) {
      const answer = await fetch(gatehouse.issuer + path, { redirect: 'manual' });
      t.true([400, 404].includes(answer.status), path);
    }
  }
});

test('T-52 afterwards everything works as before', async (t) => {
  const flow = await obtainCode(gatehouse, 'third-party', {
    overrides: { scope: 'openid orders.read' },
  });
  t.truthy(flow.code);
});
