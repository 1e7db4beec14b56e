// T-16, T-17: what a trusted proxy may say of an https issuer, and what a stranger may not.
import test from 'ava';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { authorization } from './_flow.ts';
import { sendPlain } from './_raw.ts';

const PUBLIC = 'https://auth.example.com';
let behindProxy: Gatehouse;
let exposed: Gatehouse;
test.before(async () => {
  behindProxy = await startGatehouse({ issuer: PUBLIC, trustedProxies: ['127.0.0.1/32'] });
  exposed = await startGatehouse({ issuer: PUBLIC, trustedProxies: ['10.0.0.0/8', '192.0.2.1'] });
});
test.after.always(async () => {
  await behindProxy?.stop();
  await exposed?.stop();
});

const viaProxy = { 'X-Forwarded-Host': 'auth.example.com', 'X-Forwarded-Proto': 'https' };

test('T-16 behind a trusted proxy only the issuer’s host and https are served', async (t) => {
  const { port } = behindProxy.config;
  const ask = (headers: Record<string, string | string[]>) =>
    sendPlain(port, { path: '/.well-known/openid-configuration', headers });

  const good = await ask(viaProxy);
  t.is(good.status, 200);
  t.is(JSON.parse(good.body).issuer, PUBLIC);
  t.is((await ask({ Host: 'auth.example.com', 'X-Forwarded-Proto': 'https' })).body, good.body);
  t.is((await ask({ ...viaProxy, 'X-Forwarded-Port': '444' })).body, good.body);
  t.is((await ask({ ...viaProxy, Forwarded: 'host=evil.test' })).body, good.body);

  const refused: Record<string, string | string[]>[] = [
    { ...viaProxy, 'X-Forwarded-Host': 'evil.test' },
    { ...viaProxy, 'X-Forwarded-Host': 'evil.test, auth.example.com' },
    { ...viaProxy, 'X-Forwarded-Host': 'auth.example.com.' },
    { ...viaProxy, 'X-Forwarded-Host': 'auth.example.com@evil.test' },
    { ...viaProxy, 'X-Forwarded-Host': 'user@auth.example.com' },
    { ...viaProxy, 'X-Forwarded-Proto': 'http' },
    { ...viaProxy, 'X-Forwarded-Proto': 'http, https' },
    { ...viaProxy, 'X-Forwarded-Proto': '' },
    { ...viaProxy, 'X-Forwarded-Proto': 'HTTPS://' },
    { 'X-Forwarded-Host': 'auth.example.com' },
    { Host: 'evil.test', 'X-Forwarded-Proto': 'https' },
    { 'X-Forwarded-Proto': 'https' },
  ];
  for (const headers of refused) {
    const answer = await ask(headers);
    t.is(answer.status, 421, JSON.stringify(headers));
    t.false(answer.text.includes('evil'));
  }
});

test('T-16 an https issuer refuses a peer that is no trusted proxy, whatever it claims', async (t) => {
  const attempts: Record<string, string>[] = [
    { Host: 'auth.example.com' },
    { Host: 'auth.example.com', ...viaProxy },
    { Host: 'auth.example.com', ...viaProxy, 'X-Forwarded-For': '192.0.2.1' },
    { Host: 'auth.example.com', Forwarded: 'for=192.0.2.1;proto=https;host=auth.example.com' },
  ];
  for (const path of ['/jwks', '/authorize', '/token', '/']) {
    for (const headers of attempts) {
      const answer = await sendPlain(exposed.config.port, { path, headers });
      t.is(answer.status, 421, JSON.stringify(headers));
    }
  }
});

test('T-55 cookies of an https issuer are Secure, HttpOnly, Lax and carry a prefix', async (t) => {
  const { port } = behindProxy.config;
  const path = authorization(behindProxy, 'web').url.slice(PUBLIC.length);
  const started = await sendPlain(port, { path, headers: viaProxy });
  t.is(started.status, 303);
  const cookies = started.headers['set-cookie'] ?? [];
  t.true(cookies.length >= 4);
  for (const cookie of cookies) {
    t.regex(cookie, /^__(Host|Secure)-gatehouse_/);
    t.regex(cookie, /; secure/i);
    t.regex(cookie, /; httponly/i);
    t.regex(cookie, /; samesite=lax/i);
    t.notRegex(cookie, /domain=/i);
    if (cookie.startsWith('__Host-')) t.regex(cookie, /; path=\/(;|$)/i);
    else t.regex(cookie, /; path=\/(interaction|authorize)\/[A-Za-z0-9_-]{43}/i);
  }
  t.regex(String(started.headers['strict-transport-security']), /max-age=\d{8}/);
});
