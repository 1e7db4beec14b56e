// T-16, T-17: whatever a request says about the host, we answer as the issuer or not at all.
import test from 'ava';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { authorization, basic } from './_flow.ts';
import { sendLines, sendPlain } from './_raw.ts';

const DISCOVERY = '/.well-known/openid-configuration';

let gatehouse: Gatehouse;
let port: number;
let host: string;
test.before(async () => {
  gatehouse = await startGatehouse();
  port = gatehouse.config.port;
  host = `127.0.0.1:${port}`;
});
test.after.always(() => gatehouse?.stop());

test('T-16 a request for any other host is refused before routing', async (t) => {
  const hosts = [
    'evil.test',
    'a@b',
    `evil@${host}`,
    `user:password@${host}`,
    `${host}@evil.test`,
    `${host}.`,
    `127.0.0.1.:${port}`,
    `${host}:80`,
    `0${host}`,
    '127.0.0.1',
    `127.0.0.1:${port + 1}`,
    `127.0.0.1:0${port}`,
    `127.1:${port}`,
    `2130706433:${port}`,
    `0x7f.1:${port}`,
    `[::1]:${port}`,
    `[::ffff:127.0.0.1]:${port}`,
    `localhost:${port}`,
    `${host}/authorize`,
    `${host}#`,
    `${host}?`,
    `${host}\\evil.test`,
    `${host},evil.test`,
    `evil.test,${host}`,
    `${host} evil.test`,
    `http://${host}`,
    'validator.invalid',
  ];
  for (const path of [DISCOVERY, '/jwks', '/', '/assets/style.css', '/nothing']) {
    for (const name of hosts) {
      const answer = await sendPlain(port, { path, headers: { Host: name } });
      t.is(answer.status, 421, `${name} ${path}`);
      t.false(answer.text.includes('evil'), name);
    }
  }
});

test('T-16 the refusal of a host repeats nothing of it and allows no caching', async (t) => {
  const name = 'evil"><script>alert(1)</script>.test';
  for (const accept of ['text/html', 'application/json']) {
    const answer = await sendPlain(port, { path: '/', headers: { Host: name, Accept: accept } });
    t.is(answer.status, 421);
    t.false(answer.text.includes('<script>alert'));
    t.is(answer.headers['cache-control'], 'no-store');
    t.is(answer.headers['x-frame-options'], 'DENY');
  }
});

test('T-16 an empty, missing or doubled Host and an absolute target are refused', async (t) => {
  const shapes: [string, string[], number[]][] = [
    ['empty', [`GET ${DISCOVERY} HTTP/1.1`, 'Host: '], [400, 421]],
    ['missing', [`GET ${DISCOVERY} HTTP/1.1`], [400]],
    ['HTTP/1.0 without', [`GET ${DISCOVERY} HTTP/1.0`], [400, 421]],
    ['good then evil', [`GET ${DISCOVERY} HTTP/1.1`, `Host: ${host}`, 'Host: evil'], [400, 421]],
    ['evil then good', [`GET ${DISCOVERY} HTTP/1.1`, 'Host: evil', `Host: ${host}`], [400, 421]],
    ['twice good', [`GET ${DISCOVERY} HTTP/1.1`, `Host: ${host}`, `hOsT: ${host}`], [400, 421]],
    ['absolute evil', [`GET http://evil.test${DISCOVERY} HTTP/1.1`, `Host: ${host}`], [400, 421]],
    ['absolute own', [`GET http://${host}${DISCOVERY} HTTP/1.1`, 'Host: evil'], [400, 421]],
    ['folded', [`GET ${DISCOVERY} HTTP/1.1`, 'Host:', ` ${host}`], [400, 421]],
    ['tab', [`GET ${DISCOVERY} HTTP/1.1`, `Host\t: ${host}`], [400]],
    ['asterisk', ['OPTIONS * HTTP/1.1', `Host: ${host}`], [400, 421]],
    ['authority', ['CONNECT evil.test:443 HTTP/1.1', `Host: ${host}`], [Number.NaN, 400, 405, 421]],
  ];
  for (const [name, lines, allowed] of shapes) {
    const answer = await sendLines(port, lines);
    t.true(allowed.includes(answer.status), `${name}: ${answer.status}`);
    t.false(answer.text.includes('evil'), name);
    t.false(answer.text.includes('authorization_endpoint'), name);
  }
});

test('T-16 a target that looks like a network path stays a path', async (t) => {
  for (const target of [
    `//evil.test${DISCOVERY}`,
    `/\\evil.test${DISCOVERY}`,
    `/;@evil.test/jwks`,
  ]) {
    const answer = await sendLines(port, [`GET ${target} HTTP/1.1`, `Host: ${host}`]);
    t.is(answer.status, 404, target);
    t.false(answer.text.includes('evil'), target);
  }
});

const FORWARDED: Record<string, string | string[]>[] = [
  { 'X-Forwarded-Host': 'evil.test' },
  { 'X-Forwarded-Host': ['evil.test', 'evil.test'] },
  { Forwarded: 'host=evil.test;proto=https;for=6.6.6.6' },
  { 'X-Forwarded-Proto': 'https' },
  { 'X-Forwarded-Proto': 'javascript' },
  { 'X-Forwarded-Port': '4444' },
  { 'X-Forwarded-Prefix': '/evil' },
  { 'X-Forwarded-Server': 'evil.test' },
  { 'X-Original-Host': 'evil.test' },
  { 'X-Host': 'evil.test' },
  { 'X-Original-URL': '/evil' },
  { 'X-Rewrite-URL': '/evil' },
  { 'X-HTTP-Method-Override': 'DELETE' },
  { 'X-Forwarded-Host': 'evil.test', 'X-Forwarded-Proto': 'https', Forwarded: 'host=evil.test' },
];

test('T-17 forwarded headers of a stranger change no document', async (t) => {
  for (const path of [DISCOVERY, '/.well-known/oauth-authorization-server', '/jwks']) {
    const plain = await sendPlain(port, { path });
    t.is(plain.status, 200);
    t.is(plain.headers['cache-control'], 'public, max-age=300');
    for (const headers of FORWARDED) {
      const answer = await sendPlain(port, { path, headers });
      t.is(answer.body, plain.body, JSON.stringify(headers));
      t.is(answer.headers['cache-control'], plain.headers['cache-control']);
    }
  }
});

test('T-17 every URL of the discovery documents is the issuer’s', async (t) => {
  for (const path of [DISCOVERY, '/.well-known/oauth-authorization-server']) {
    const answer = await sendPlain(port, { path });
    const urls = answer.body.match(/https?:[^"]+/g) ?? [];
    t.true(urls.length > 5);
    for (const url of urls) t.is(new URL(url).origin, gatehouse.issuer);
  }
});

test('T-17 forwarded headers of a stranger change no redirect, page or cookie', async (t) => {
  const { url } = authorization(gatehouse, 'web');
  const path = url.slice(gatehouse.issuer.length);
  for (const headers of FORWARDED) {
    const answer = await sendPlain(port, { path, headers });
    t.is(answer.status, 303, JSON.stringify(headers));
    t.true(answer.headers.location?.startsWith('/interaction/'));
    const cookies = (answer.headers['set-cookie'] ?? []).join('\n');
    t.false(/evil|secure/i.test(cookies), JSON.stringify(headers));
  }
});

test('T-17 forwarded headers of a stranger change no token', async (t) => {
  const request = {
    method: 'POST',
    path: '/token',
    body: 'grant_type=client_credentials&scope=orders.read&resource=https%3A%2F%2Fapi.example.com%2Forders',
  };
  for (const headers of FORWARDED) {
    const answer = await sendPlain(port, {
      ...request,
      headers: {
        ...headers,
        Authorization: basic(gatehouse, 'machine'),
        'Content-Type': 'application/x-www-form-urlencoded',
        'Content-Length': String(request.body.length),
      },
    });
    t.is(answer.status, 200, answer.body);
    const [, payload = ''] = JSON.parse(answer.body).access_token.split('.');
    t.is(JSON.parse(Buffer.from(payload, 'base64url').toString()).iss, gatehouse.issuer);
  }
});
