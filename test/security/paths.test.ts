// What a path means does not depend on how it is written, and unknown paths and methods end quietly.
import test from 'ava';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { sendPlain } from './_raw.ts';

let gatehouse: Gatehouse;
let port: number;
test.before(async () => {
  gatehouse = await startGatehouse();
  port = gatehouse.config.port;
});
test.after.always(() => gatehouse?.stop());

const ENDPOINTS: [string, string, number][] = [
  ['GET', '/authorize', 400],
  ['POST', '/token', 400],
  ['GET', '/userinfo', 401],
  ['POST', '/userinfo', 401],
  ['GET', '/jwks', 200],
  ['POST', '/introspect', 400],
  ['POST', '/revoke', 400],
  ['POST', '/par', 400],
  ['GET', '/logout', 200],
  ['POST', '/logout/confirm', 400],
  ['GET', '/logout/success', 200],
  ['GET', '/.well-known/openid-configuration', 200],
  ['GET', '/.well-known/oauth-authorization-server', 200],
];

const html = { Accept: 'text/html' };

/** What matters of an answer; ids differ from request to request. */
const essence = ({ status, headers, text }: Awaited<ReturnType<typeof sendPlain>>) => ({
  status,
  type: headers['content-type'],
  caching: headers['cache-control'],
  framing: headers['x-frame-options'],
  cors: headers['access-control-allow-origin'],
  policy: headers['content-security-policy'],
  json: headers['content-type']?.startsWith('application/json')
    ? text.replace(/"correlation_id":"[^"]+"/, '')
    : undefined,
});

for (const [method, path, status] of ENDPOINTS) {
  test(`${method} ${path} answers the same in every spelling, or is not found`, async (t) => {
    const honest = essence(await sendPlain(port, { method, path }));
    t.is(honest.status, status);
    const same = [
      path.toUpperCase(),
      `${path}/`,
      `${path}?`,
      `${path}?x=1`,
      `${path.toUpperCase()}/`,
    ];
    for (const spelling of same)
      t.deepEqual(essence(await sendPlain(port, { method, path: spelling })), honest, spelling);
    const other = [
      `/${path}`,
      `${path}//`,
      `${path}/x/y`,
      `${path};x=1`,
      `${path}/.`,
      `${path}/..;/jwks`,
      `/.${path}`,
      `/x/..${path}`,
      `${path}%20`,
      `${path}%00`,
      `${path}%2f`,
      `${path}.json`,
      `${path}\\`,
      path.replace('/', '/%2e/'),
      path.replace(/[a-z]/, (letter) => `%${letter.charCodeAt(0).toString(16)}`),
    ];
    for (const spelling of other) {
      const answer = await sendPlain(port, { method, path: spelling, headers: html });
      // What follows /authorize/ is the id of an interaction that is over.
      t.is(answer.status, spelling === '/authorize/.' ? 400 : 404, spelling);
      t.is(answer.headers['x-frame-options'], 'DENY');
    }
  });
}

test('a private part of nothing is found', async (t) => {
  for (const path of [
    '/admin',
    '/.env',
    '/.git/config',
    '/package.json',
    '/src/main.ts',
    '/views/layout.eta',
    '/assets/',
    '/assets/..%2f..%2fpackage.json',
    '/assets/../../package.json',
    '/assets/....//package.json',
    '/assets/style.css/',
    '/assets/STYLE.CSS',
    '/assets/style.css%00.js',
    '/assets/constructor',
    '/metrics',
    '/health',
    '/debug/pprof',
    '/server-status',
    '/actuator/env',
    '/register',
    '/reg',
    '/device',
    '/ciba',
    '/session/check',
    '/interaction',
    '/interaction/',
    '/authorize/x/y',
    '/interaction/x/sign-in/y',
    '/.well-known/',
    '/.well-known/openid-configuration/x',
    '/demo.json',
    '/postgres.json',
  ]) {
    const answer = await sendPlain(port, { path, headers: html });
    t.is(answer.status, 404, path);
    t.false(answer.text.includes('"dependencies"'), path);
  }
});

const METHODS = [
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'OPTIONS',
  'TRACE',
  'PROPFIND',
  'SEARCH',
  'LOCK',
];
const ALL = [
  ...new Set(ENDPOINTS.map(([, path]) => path)),
  '/',
  '/livez',
  '/readyz',
  '/nothing',
  '/interaction/x',
  '/interaction/x/sign-in',
  '/interaction/x/consent',
  '/authorize/x',
  '/assets/style.css',
];

test('no method on no path is an error of the server or opens a door', async (t) => {
  for (const path of ALL) {
    for (const method of METHODS) {
      const answer = await sendPlain(port, { method, path, headers: html });
      t.true(answer.status < 500, `${method} ${path} ${answer.status}`);
      t.is(answer.headers.location, undefined, `${method} ${path}`);
      t.false(answer.text.includes('access_token'), `${method} ${path}`);
      if (method === 'TRACE') t.false(answer.text.includes('Accept: text/html'));
    }
  }
});

test('a preflight tells nothing but the methods, and never allows credentials', async (t) => {
  for (const path of ALL) {
    for (const Origin of ['https://evil.test', 'null', gatehouse.issuer]) {
      const answer = await sendPlain(port, {
        method: 'OPTIONS',
        path,
        headers: {
          Origin,
          'Access-Control-Request-Method': 'POST',
          'Access-Control-Request-Headers': 'authorization, x-evil',
        },
      });
      t.true([200, 204, 400, 403, 404, 405].includes(answer.status), `${path} ${answer.status}`);
      t.is(answer.headers['access-control-allow-credentials'], undefined, path);
    }
  }
});

test('no answer allows a foreign origin to read pages, or anybody to send credentials', async (t) => {
  for (const path of [
    '/',
    '/authorize',
    '/logout',
    '/interaction/x',
    '/authorize/x',
    '/nothing',
    '/livez',
  ]) {
    for (const Origin of ['https://evil.test', 'null']) {
      const answer = await sendPlain(port, { path, headers: { Origin, Accept: 'text/html' } });
      t.is(answer.headers['access-control-allow-origin'], undefined, path);
      t.is(answer.headers['access-control-allow-credentials'], undefined, path);
    }
  }
});

test('no answer says what the server is made of', async (t) => {
  for (const path of ALL) {
    const answer = await sendPlain(port, { path, headers: html });
    for (const name of ['server', 'x-powered-by', 'x-aspnet-version', 'x-runtime'])
      t.is(answer.headers[name], undefined, path);
    t.notRegex(answer.text, /koa|oidc-provider|node_modules|postgres/i, path);
  }
});
