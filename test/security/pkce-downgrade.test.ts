// T-18: no trick gets a code without a challenge, or tokens without the verifier.
import { createHash } from 'node:crypto';
import test from 'ava';
import { createAgent } from '../_agent.ts';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { authorization, encode, exchange, obtainCode, type Params, post } from './_flow.ts';

let gatehouse: Gatehouse;
test.before(async () => {
  gatehouse = await startGatehouse();
});
test.after.always(() => gatehouse?.stop());

const CHALLENGE = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM';
const DOWNGRADES: Params[] = [
  { code_challenge: undefined, code_challenge_method: undefined },
  { code_challenge: undefined, code_challenge_method: 'S256' },
  { code_challenge: '', code_challenge_method: 'S256' },
  { code_challenge: '', code_challenge_method: '' },
  { code_challenge: ' ', code_challenge_method: 'S256' },
  { code_challenge_method: undefined },
  { code_challenge_method: '' },
  { code_challenge_method: 'plain' },
  { code_challenge_method: 'PLAIN' },
  { code_challenge_method: 's256' },
  { code_challenge_method: 'S256 plain' },
  { code_challenge_method: ' S256' },
  { code_challenge_method: 'S256\0' },
  { code_challenge_method: 'S512' },
  { code_challenge_method: 'none' },
  { code_challenge_method: ['S256', 'plain'] },
  { code_challenge_method: ['plain', 'S256'] },
  { code_challenge: [CHALLENGE, CHALLENGE] },
  { code_challenge: CHALLENGE.slice(0, 42) },
  { code_challenge: `${CHALLENGE}${'x'.repeat(100)}` },
  { code_challenge: `${CHALLENGE.slice(0, 42)}=` },
  { code_challenge: `${CHALLENGE.slice(0, 42)}+` },
  { code_challenge: `${CHALLENGE.slice(0, 42)}\0` },
  { code_challenge: `${CHALLENGE.slice(0, 42)}é` },
];

for (const kind of ['web', 'spa', 'native', 'third-party']) {
  test(`T-18 a ${kind} client gets no code without an S256 challenge`, async (t) => {
    const agent = createAgent(gatehouse.issuer);
    if (kind !== 'native') await obtainCode(gatehouse, kind, { agent });
    for (const overrides of DOWNGRADES) {
      const { url } = authorization(gatehouse, kind, overrides);
      const answer = await agent.request(url);
      const params = new URL(answer.headers.get('Location') ?? '').searchParams;
      t.is(params.get('code'), null, JSON.stringify(overrides));
      t.is(params.get('error'), 'invalid_request', JSON.stringify(overrides));
    }
  });
}

test('T-18 a client of two faces gets no code for its spa URI without a challenge', async (t) => {
  const [, spa = ''] = gatehouse.client('console').redirect_uris;
  const agent = createAgent(gatehouse.issuer);
  await obtainCode(gatehouse, 'console', { agent, overrides: { scope: 'openid' } });
  for (const overrides of DOWNGRADES) {
    const { url } = authorization(gatehouse, 'console', {
      ...overrides,
      scope: 'openid',
      redirect_uri: spa,
    });
    const answer = await agent.request(url);
    const params = new URL(answer.headers.get('Location') ?? '').searchParams;
    t.is(params.get('code'), null, JSON.stringify(overrides));
    t.is(params.get('error'), 'invalid_request', JSON.stringify(overrides));
  }
});

test('T-18 a pushed request cannot leave the challenge out, nor the front channel drop it', async (t) => {
  for (const overrides of DOWNGRADES) {
    const query = new URL(authorization(gatehouse, 'web', overrides).url).search.slice(1);
    const answer = await post(gatehouse, '/par', query, { as: 'web' });
    t.is(answer.status, 400, JSON.stringify(overrides));
    t.is(answer.json['error'], 'invalid_request', JSON.stringify(overrides));
  }
  const agent = createAgent(gatehouse.issuer);
  await obtainCode(gatehouse, 'web', { agent });
  const flow = authorization(gatehouse, 'web');
  const pushed = await post(gatehouse, '/par', new URL(flow.url).search.slice(1), { as: 'web' });
  const request = {
    client_id: gatehouse.client('web').client_id,
    request_uri: String(pushed.json['request_uri']),
    // The attacker's own pair, in the hope that the query wins.
    code_challenge: CHALLENGE,
    code_challenge_method: 'S256',
  };
  const answer = await agent.request(`${gatehouse.issuer}/authorize?${encode(request)}`);
  const code = new URL(answer.headers.get('Location') ?? '').searchParams.get('code') ?? '';
  t.truthy(code);
  const attack = await exchange(gatehouse, 'web', {
    ...flow,
    code,
    verifier: 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk',
  });
  t.is(attack.json['error'], 'invalid_grant');
  t.is((await exchange(gatehouse, 'web', { ...flow, code })).status, 200);
});

for (const kind of ['web', 'spa']) {
  test(`T-18 a ${kind} client cannot exchange a code without its very verifier`, async (t) => {
    const flow = await obtainCode(gatehouse, kind);
    const challenge = createHash('sha256').update(flow.verifier).digest('base64url');
    const attempts: Params[] = [
      { code_verifier: undefined },
      { code_verifier: '' },
      { code_verifier: ' ' },
      { code_verifier: challenge },
      { code_verifier: 'x'.repeat(43) },
      { code_verifier: 'x'.repeat(129) },
      { code_verifier: `${flow.verifier} ` },
      { code_verifier: ` ${flow.verifier}` },
      { code_verifier: `${flow.verifier}\n` },
      { code_verifier: `${flow.verifier}\0` },
      { code_verifier: flow.verifier.toLowerCase() },
      { code_verifier: [flow.verifier, flow.verifier] },
      { code_verifier: ['x'.repeat(43), flow.verifier] },
      { code_verifier: undefined, 'code_verifier[]': flow.verifier },
      { code_verifier: undefined, codeVerifier: flow.verifier },
      { code_verifier: 'undefined' },
      { code_verifier: '[object Object]' },
      { code_challenge: challenge, code_challenge_method: 'plain', code_verifier: challenge },
    ];
    for (const overrides of attempts) {
      const answer = await exchange(gatehouse, kind, flow, overrides);
      t.is(answer.status, 400, JSON.stringify(overrides));
      t.regex(String(answer.json['error']), /^invalid_(grant|request)$/);
      t.is(answer.json['access_token'], undefined);
      t.false(answer.text.includes(flow.verifier));
    }
    // None of that burned the code.
    t.is((await exchange(gatehouse, kind, flow)).status, 200);
  });
}

test('T-18 a verifier for a code that had no challenge is refused', async (t) => {
  const flow = await obtainCode(gatehouse, 'console', {
    overrides: { scope: 'openid', code_challenge: undefined, code_challenge_method: undefined },
  });
  const answer = await exchange(gatehouse, 'console', flow);
  t.is(answer.status, 400);
  t.is(answer.json['error'], 'invalid_grant');
  t.is((await exchange(gatehouse, 'console', flow, { code_verifier: undefined })).status, 200);
});

test('T-18 a code for the web face is worth nothing without the secret', async (t) => {
  const { client_id, redirect_uris } = gatehouse.client('console');
  const flow = await obtainCode(gatehouse, 'console', {
    overrides: { scope: 'openid', code_challenge: undefined, code_challenge_method: undefined },
  });
  const attempts: Params[] = [
    {},
    { redirect_uri: redirect_uris[1] },
    { redirect_uri: undefined },
    { redirect_uri: [redirect_uris[1] ?? '', redirect_uris[0] ?? ''] },
    { redirect_uri: redirect_uris[1], client_secret: '' },
    { redirect_uri: redirect_uris[1], code_verifier: undefined },
    { redirect_uri: redirect_uris[1], client_secret: 'wrong' },
    { redirect_uri: 'https://evil.test/' },
    { redirect_uri: '' },
    { redirect_uri: ['https://evil.test/', 'x'] },
  ];
  for (const overrides of attempts) {
    const answer = await post(gatehouse, '/token', {
      grant_type: 'authorization_code',
      client_id,
      code: flow.code,
      redirect_uri: flow.redirectUri,
      code_verifier: flow.verifier,
      ...overrides,
    });
    t.true([400, 401].includes(answer.status), JSON.stringify(overrides));
    t.is(answer.json['access_token'], undefined);
  }
});

test('T-18 the face without a secret gets no token of its own, and knows no token', async (t) => {
  const { client_id, redirect_uris } = gatehouse.client('console');
  for (const redirect_uri of [redirect_uris[1], 'https://evil.test/', 'x']) {
    const grants: Params[] = [
      { grant_type: 'client_credentials', scope: 'orders.read' },
      { grant_type: 'refresh_token', refresh_token: 'x' },
    ];
    for (const params of grants) {
      const answer = await post(gatehouse, '/token', { ...params, client_id, redirect_uri });
      t.true([400, 401].includes(answer.status), JSON.stringify(params));
      t.is(answer.json['access_token'], undefined);
    }
    const machine = { grant_type: 'client_credentials', scope: 'orders.read' };
    const { access_token } = (await post(gatehouse, '/token', machine, { as: 'console' })).json;
    t.truthy(access_token);
    const token = String(access_token);
    const answer = await post(gatehouse, '/introspect', { token, client_id, redirect_uri });
    t.not(answer.json['active'], true, 'introspection needs authentication (RFC 7662 section 2.1)');
  }
});
