// T-54: what is sent twice, elsewhere or between two requests is not read the attacker's way.
import test from 'ava';
import { decodeJwt } from 'jose';
import { createAgent } from '../_agent.ts';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { authorization, basic, encode, exchange, obtainCode, post } from './_flow.ts';
import { sendBytes, sendLines } from './_raw.ts';

let gatehouse: Gatehouse;
let port: number;
let host: string;
test.before(async () => {
  gatehouse = await startGatehouse();
  port = gatehouse.config.port;
  host = `127.0.0.1:${port}`;
});
test.after.always(() => gatehouse?.stop());

test('T-54 a parameter of an authorization request sent twice is refused', async (t) => {
  const names = ['client_id', 'response_type', 'redirect_uri', 'scope', 'state', 'nonce', 'prompt'];
  names.push('code_challenge', 'code_challenge_method', 'response_mode', 'login_hint', 'max_age');
  names.push('audience', 'id_token_hint', 'request_uri', 'request', 'acr_values', 'ui_locales');
  const { agent } = await obtainCode(gatehouse, 'web');
  for (const name of names) {
    const { url } = authorization(gatehouse, 'web');
    const value = new URL(url).searchParams.get(name) ?? 'a';
    for (const tail of [
      `${name}=${encodeURIComponent(value)}&${name}=${encodeURIComponent(value)}`,
      `${name}=a&${name}=b`,
    ]) {
      const answer = await agent.request(`${url}&${tail}`);
      const location = answer.headers.get('Location') ?? '';
      t.false(location.includes('code='), name);
      if (location !== '') t.regex(location, /error=invalid_request/, name);
      else t.is(answer.status, 400, name);
    }
  }
});

test('T-54 a parameter of a token request sent twice is refused', async (t) => {
  const flow = await obtainCode(gatehouse, 'third-party');
  for (const name of ['grant_type', 'code', 'redirect_uri', 'code_verifier']) {
    const honest = {
      grant_type: 'authorization_code',
      code: flow.code,
      redirect_uri: flow.redirectUri,
      code_verifier: flow.verifier,
    };
    const value = honest[name as keyof typeof honest];
    for (const twice of [
      [value, value],
      ['x', value],
      [value, 'x'],
      [value, ''],
    ]) {
      const answer = await post(
        gatehouse,
        '/token',
        { ...honest, [name]: twice },
        { as: 'third-party' },
      );
      t.is(answer.status, 400, name);
      t.is(answer.json['error'], 'invalid_request', name);
    }
  }
  for (const name of ['token', 'token_type_hint', 'client_id']) {
    for (const path of ['/introspect', '/revoke']) {
      const params = { token: 'x', [name]: ['x', 'y'] };
      t.is(
        (await post(gatehouse, path, params, { as: 'web' })).json['error'],
        'invalid_request',
        name,
      );
    }
  }
  t.is((await exchange(gatehouse, 'third-party', flow)).status, 200);
});

test('T-54 a field of our own forms sent twice is refused', async (t) => {
  const agent = createAgent(gatehouse.issuer);
  const page = await agent.get(authorization(gatehouse, 'web').url);
  const csrf = page.html.querySelector('input[name=csrf]')?.getAttribute('value') ?? '';
  const { email = '', password = '' } = gatehouse.accounts[0] ?? {};
  for (const name of ['csrf', 'email', 'password', 'x']) {
    for (const order of [0, 1]) {
      const fields: [string, string][] = [
        ['csrf', csrf],
        ['email', email],
        ['password', password],
        ['x', '1'],
      ];
      const again: [string, string] = [name, 'again'];
      const body = new URLSearchParams(order ? [...fields, again] : [again, ...fields]);
      const answer = await agent.request(`${page.url}/sign-in`, { method: 'POST', body });
      t.is(answer.status, 400, name);
      t.is(answer.headers.get('Location'), null);
    }
  }
});

test('T-54 the query of a POST is not read', async (t) => {
  const machine = gatehouse.client('machine');
  const inQuery = encode({
    grant_type: 'client_credentials',
    client_id: machine.client_id,
    client_secret: machine.client_secret,
    scope: 'orders.read',
    resource: 'https://api.example.com/orders',
    token: 'x',
  });
  for (const path of ['/token', '/par', '/introspect', '/revoke']) {
    const answer = await post(gatehouse, `${path}?${inQuery}`, '');
    t.is(answer.status, 400, path);
    t.regex(String(answer.json['error']), /^invalid_(request|client)$/, path);
  }
  const answer = await post(
    gatehouse,
    '/token?scope=orders.write&resource=https%3A%2F%2Fsandbox.api.example.com%2Forders&audience=x',
    {
      grant_type: 'client_credentials',
      scope: 'orders.read',
      resource: 'https://api.example.com/orders',
    },
    { as: 'machine' },
  );
  const claims = decodeJwt(String(answer.json['access_token']));
  t.is(claims['scope'], 'orders.read');
  t.is(claims.aud, 'https://api.example.com/orders');
});

test('T-54 the body of a GET is not read', async (t) => {
  const { client_id } = gatehouse.client('web');
  const evil = encode({ redirect_uri: 'https://evil.test/', client_id });
  const { url } = authorization(gatehouse, 'web');
  const answer = await sendLines(
    port,
    [
      `GET ${url.slice(gatehouse.issuer.length)} HTTP/1.1`,
      `Host: ${host}`,
      'Content-Type: application/x-www-form-urlencoded',
      `Content-Length: ${evil.length}`,
    ],
    evil,
  );
  t.is(answer.status, 303);
  t.false(answer.text.includes('evil'));
});

test('T-54 a POST to /authorize reads its body alone, and keeps what was sent twice', async (t) => {
  const { url } = authorization(gatehouse, 'web');
  const query = new URL(url).search;
  const body = new URLSearchParams([...new URLSearchParams(query), ['scope', 'a'], ['scope', 'b']]);
  const posted = await createAgent(gatehouse.issuer).request(
    `${gatehouse.issuer}/authorize?client_id=evil&redirect_uri=https://evil.test`,
    { method: 'POST', body },
  );
  const next = posted.headers.get('Location') ?? '';
  t.false(next.includes('evil'));
  const answer = await fetch(new URL(next, gatehouse.issuer), { redirect: 'manual' });
  t.regex(answer.headers.get('Location') ?? '', /error=invalid_request/);
});

test('T-54 other content types are not read as forms', async (t) => {
  const { client_id, client_secret } = gatehouse.client('machine');
  const params = {
    grant_type: 'client_credentials',
    client_id,
    client_secret,
    scope: 'orders.read',
  };
  const multipart = Object.entries(params)
    .map(
      ([name, value]) =>
        `--x\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
    )
    .join('');
  const bodies: [string, string][] = [
    ['application/json', JSON.stringify(params)],
    ['text/plain', encode(params)],
    ['multipart/form-data; boundary=x', `${multipart}--x--`],
    ['application/xml', encode(params)],
    ['application/x-www-form-urlencoded+json', encode(params)],
    ['application/x-www-form-urlencoded, text/plain', encode(params)],
    ['', encode(params)],
  ];
  for (const [type, body] of bodies) {
    for (const path of ['/token', '/introspect', '/revoke', '/par']) {
      const answer = await post(gatehouse, path, body, { headers: { 'Content-Type': type } });
      t.true([400, 415].includes(answer.status), `${path} ${type} ${answer.status}`);
      t.is(answer.json['access_token'], undefined);
    }
  }
});

test('T-54 requests of two lengths, or of strange framing, are refused and end the connection', async (t) => {
  const smuggled = `GET /jwks HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
  const head = [
    'POST /token HTTP/1.1',
    `Host: ${host}`,
    'Content-Type: application/x-www-form-urlencoded',
  ];
  const shapes: [string, string[], string][] = [
    ['CL.TE', ['Content-Length: 6', 'Transfer-Encoding: chunked'], `0\r\n\r\n${smuggled}`],
    [
      'TE.CL',
      ['Transfer-Encoding: chunked', 'Content-Length: 4'],
      `5c\r\n${smuggled}\r\n0\r\n\r\n`,
    ],
    ['TE.TE', ['Transfer-Encoding: chunked', 'Transfer-Encoding: x'], `0\r\n\r\n${smuggled}`],
    ['unknown coding', ['Transfer-Encoding: xchunked'], smuggled],
    ['chunked not last', ['Transfer-Encoding: chunked, identity'], smuggled],
    ['tab', ['Transfer-Encoding:\tchunked', 'Content-Length: 1'], smuggled],
    ['vertical tab', ['Transfer-Encoding: \vchunked'], smuggled],
    ['space before colon', ['Transfer-Encoding : chunked'], smuggled],
    ['two lengths', ['Content-Length: 0', `Content-Length: ${smuggled.length}`], smuggled],
    ['length list', ['Content-Length: 0, 5'], smuggled],
    ['negative length', ['Content-Length: -1'], smuggled],
    ['signed length', ['Content-Length: +5'], smuggled],
    ['hexadecimal length', ['Content-Length: 0x5'], smuggled],
    ['folded header', ['X: y', ' Transfer-Encoding: chunked'], smuggled],
    ['bare LF', ['X: y\nTransfer-Encoding: chunked'], smuggled],
    ['bare CR', ['X: y\rTransfer-Encoding: chunked'], smuggled],
    ['NUL', ['X: a\0b'], smuggled],
    ['bad chunk', ['Transfer-Encoding: chunked'], `zz\r\n${smuggled}`],
    ['huge chunk', ['Transfer-Encoding: chunked'], `ffffffffffffffff1\r\n${smuggled}`],
    ['negative chunk', ['Transfer-Encoding: chunked'], `-1\r\n${smuggled}`],
    [
      'chunk extension with LF',
      ['Transfer-Encoding: chunked'],
      `1;x\n\r\na\r\n0\r\n\r\n${smuggled}`,
    ],
  ];
  for (const [name, extra, body] of shapes) {
    const text = await sendBytes(port, [...head, ...extra, '', body].join('\r\n'));
    t.regex(text, /^HTTP\/1\.1 400 /, name);
    t.is(text.match(/HTTP\/1\.1 /g)?.length, 1, name);
    t.false(text.includes('"keys"'), name);
  }
});

test('T-54 two honest requests on one connection are answered apart', async (t) => {
  const one = `GET /jwks HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
  const body = encode({
    grant_type: 'client_credentials',
    resource: 'https://api.example.com/orders',
  });
  const two = [
    'POST /token HTTP/1.1',
    `Host: ${host}`,
    `Authorization: ${basic(gatehouse, 'machine')}`,
    'Content-Type: application/x-www-form-urlencoded',
    `Content-Length: ${body.length}`,
    'Connection: close',
    '',
    body,
  ].join('\r\n');
  const text = await sendBytes(port, one + two);
  t.is(text.match(/HTTP\/1\.1 200 /g)?.length, 2);
  t.true(text.indexOf('"keys"') < text.indexOf('"access_token"'));
});
