// T-16, T-40: what a trusted proxy may say, and what a stranger may not.
import test from 'ava';
import type { ServerConfig } from '../../src/config.ts';
import { createAgent } from '../_agent.ts';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { authorization } from './_flow.ts';
import { sendPlain } from './_raw.ts';

const running: Gatehouse[] = [];
const start = async (config: Partial<ServerConfig>) => {
  const gatehouse = await startGatehouse(config);
  running.push(gatehouse);
  return gatehouse;
};
test.after.always(async () => {
  for (const gatehouse of running) await gatehouse.stop();
});

const PUBLIC = 'https://auth.example.com';
const viaProxy = { 'X-Forwarded-Host': 'auth.example.com', 'X-Forwarded-Proto': 'https' };
const portOf = (gatehouse: Gatehouse) => gatehouse.config.port;

test('T-16 behind a trusted proxy only the issuer’s host and https are served', async (t) => {
  const gatehouse = await start({ issuer: PUBLIC, trustedProxies: ['127.0.0.1'] });
  const port = portOf(gatehouse);
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
  const gatehouse = await start({ issuer: PUBLIC, trustedProxies: ['10.0.0.0/8', '192.0.2.1'] });
  const attempts: Record<string, string>[] = [
    { Host: 'auth.example.com' },
    { Host: 'auth.example.com', ...viaProxy },
    { Host: 'auth.example.com', ...viaProxy, 'X-Forwarded-For': '192.0.2.1' },
    { Host: 'auth.example.com', Forwarded: 'for=192.0.2.1;proto=https;host=auth.example.com' },
  ];
  for (const path of ['/jwks', '/authorize', '/token', '/']) {
    for (const headers of attempts) {
      const answer = await sendPlain(portOf(gatehouse), { path, headers });
      t.is(answer.status, 421, JSON.stringify(headers));
    }
  }
});

test('T-55 cookies of an https issuer are Secure, HttpOnly, Lax and carry a prefix', async (t) => {
  const gatehouse = await start({ issuer: PUBLIC, trustedProxies: ['127.0.0.1/32'] });
  const port = portOf(gatehouse);
  const path = authorization(gatehouse, 'web').url.slice(PUBLIC.length);
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

/** Fails to sign in, as often as asked, each time with the next of `headers`; returns the statuses. */
async function failToSignIn(
  gatehouse: Gatehouse,
  attempts: { email: string; headers: Record<string, string> }[],
): Promise<number[]> {
  const agent = createAgent(gatehouse.issuer);
  const page = await agent.get(authorization(gatehouse, 'web').url);
  const csrf = page.html.querySelector('input[name=csrf]')?.getAttribute('value') ?? '';
  const statuses: number[] = [];
  for (const { email, headers } of attempts) {
    const body = new URLSearchParams({ csrf, email, password: 'wrong' });
    const answer = await agent.request(`${page.url}/sign-in`, { method: 'POST', body, headers });
    statuses.push(answer.status);
    await answer.body?.cancel();
  }
  return statuses;
}

test('T-40 a stranger cannot choose the network that is throttled', async (t) => {
  const gatehouse = await start({ rateLimits: true });
  const spoofed = (n: number): Record<string, string> => ({
    'X-Forwarded-For': `198.51.100.${n}`,
    Forwarded: `for=198.51.100.${n}`,
    'X-Real-IP': `198.51.100.${n}`,
    'Client-IP': `198.51.100.${n}`,
  });
  const attempts = Array.from({ length: 7 }, (_, n) => ({ email: 'dev@example.com', headers: spoofed(n) }));
  t.deepEqual(await failToSignIn(gatehouse, attempts), [400, 400, 400, 400, 400, 429, 429]);
});

const HOPS: [string, (n: number) => string][] = [
  ['the sender’s own entries', (n) => `198.51.100.${n}, 203.0.113.7`],
  ['many entries of the sender', (n) => `${'198.51.100.1, '.repeat(200)}198.51.100.${n}, 203.0.113.7`],
  ['an entry that is no address', (n) => `198.51.100.${n}, unknown, 203.0.113.7`],
  ['a trusted proxy named by the sender', (n) => `198.51.100.${n}, 127.0.0.1, 203.0.113.7, 127.0.0.1`],
  // Azure Application Gateway appends address and port.
  ['an address with its port', (n) => `198.51.100.${n}, 203.0.113.7:5${n}001`],
  ['a bracketed IPv6 address with its port', (n) => `198.51.100.${n}, [2001:db8::7]:5${n}001`],
  ['an obfuscated last hop', (n) => `198.51.100.${n}, _hidden`],
];
for (const [name, hops] of HOPS) {
  test(`T-40 behind a trusted proxy only the last hop that it saw counts: ${name}`, async (t) => {
    const gatehouse = await start({ rateLimits: true, trustedProxies: ['127.0.0.1'] });
    const attempts = Array.from({ length: 7 }, (_, n) => ({
      email: 'dev@example.com',
      headers: { 'X-Forwarded-For': hops(n + 1) },
    }));
    t.deepEqual(await failToSignIn(gatehouse, attempts), [400, 400, 400, 400, 400, 429, 429]);
  });
}

test('T-41 one person’s IPv6 network of 2^64 addresses is one network', async (t) => {
  const gatehouse = await start({ rateLimits: true, trustedProxies: ['127.0.0.1'] });
  const attempts = Array.from({ length: 7 }, (_, n) => ({
    email: 'dev@example.com',
    headers: { 'X-Forwarded-For': `2001:db8:1:2:${n}::${n + 1}` },
  }));
  t.deepEqual(await failToSignIn(gatehouse, attempts), [400, 400, 400, 400, 400, 429, 429]);
});

test('T-41 letter case and surrounding spaces of an address do not buy more attempts', async (t) => {
  const gatehouse = await start({ rateLimits: true });
  const spellings = ['dev@example.com', 'DEV@example.com', ' dev@example.com', 'dev@EXAMPLE.com '];
  const attempts = Array.from({ length: 7 }, (_, n) => ({
    email: spellings[n % spellings.length] ?? '',
    headers: {},
  }));
  t.deepEqual(await failToSignIn(gatehouse, attempts), [400, 400, 400, 400, 400, 429, 429]);
});
