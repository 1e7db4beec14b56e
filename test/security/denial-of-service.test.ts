// T-50, T-51: what is too large is refused at once, and the server goes on.
import test from 'ava';
import { createAgent, type Page } from '../_agent.ts';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { authorization, basic, encode, post } from './_flow.ts';
import { sendBytes, sendLines, sendPlain } from './_raw.ts';
import { sendTogether, tally } from './_simultaneous.ts';

let gatehouse: Gatehouse;
let port: number;
let host: string;
test.before(async () => {
  gatehouse = await startGatehouse();
  port = gatehouse.config.port;
  host = `127.0.0.1:${port}`;
});
test.after.always(() => gatehouse?.stop());
test.afterEach('the server goes on', async (t) => {
  t.is((await fetch(`${gatehouse.issuer}/jwks`)).status, 200);
});

const KB = 1024;

test('T-50 headers of 100 kB are refused', async (t) => {
  const values = [
    ' '.repeat(100 * KB),
    ','.repeat(100 * KB),
    'x'.repeat(100 * KB),
    'a,'.repeat(50 * KB),
  ];
  for (const name of [
    'X-Forwarded-Proto',
    'X-Forwarded-Host',
    'X-Forwarded-For',
    'Cookie',
    'Accept',
    'User-Agent',
  ]) {
    for (const value of values) {
      const answer = await sendLines(port, [
        'GET /jwks HTTP/1.1',
        `Host: ${host}`,
        `${name}: x${value}x`,
      ]);
      t.is(answer.status, 431, name);
    }
  }
});

test('T-50 headers just under the limit cost nothing', async (t) => {
  const values = [
    ','.repeat(12 * KB),
    'a,'.repeat(6 * KB),
    '1.2.3.4,'.repeat(1500),
    ';q=,'.repeat(3 * KB),
  ];
  for (const name of [
    'X-Forwarded-Proto',
    'X-Forwarded-For',
    'Accept',
    'Accept-Language',
    'Cookie',
    'If-None-Match',
    'Authorization',
    'DPoP',
    'Origin',
  ]) {
    for (const value of values) {
      for (const path of ['/jwks', '/userinfo', '/assets/style.css']) {
        const answer = await sendPlain(port, { path, headers: { [name]: value } });
        t.true(answer.status < 500, `${name} ${path} ${answer.status}`);
      }
    }
  }
});

test('T-50 long and deep paths and queries are refused', async (t) => {
  for (const path of [
    `/${'a/'.repeat(7000)}`,
    `/${'../'.repeat(5000)}`,
    `/interaction/${'x'.repeat(14_000)}`,
    `/authorize/${'%41'.repeat(4000)}`,
    `/${'%2e%2e%2f'.repeat(1500)}`,
    `/?${'a&'.repeat(7000)}`,
    `/authorize?${'scope=a&'.repeat(1800)}`,
    `/authorize?scope=${'a%20'.repeat(3500)}`,
    `/authorize?${'a[b]'.repeat(3000)}=1`,
  ]) {
    const answer = await sendPlain(port, { path });
    t.true(
      [200, 303, 400, 404, 414, 431].includes(answer.status),
      `${path.slice(0, 40)} ${answer.status}`,
    );
  }
  for (const path of [`/${'x'.repeat(100 * KB)}`, `/authorize?state=${'x'.repeat(100 * KB)}`]) {
    const answer = await sendLines(port, [`GET ${path} HTTP/1.1`, `Host: ${host}`]);
    t.is(answer.status, 431);
  }
});

test('T-50 a body of 60 kB, or without an end, is refused at every endpoint', async (t) => {
  const body = `grant_type=client_credentials&scope=${'x'.repeat(60 * KB)}`;
  for (const path of ['/token', '/par', '/introspect', '/revoke']) {
    const answer = await post(gatehouse, path, body, { as: 'machine' });
    t.true([400, 413].includes(answer.status), `${path} ${answer.status}`);
    t.is(answer.json['access_token'], undefined);
  }
  for (const path of ['/logout/confirm', '/userinfo', '/authorize']) {
    const answer = await post(gatehouse, path, body);
    t.true([400, 401, 413].includes(answer.status), `${path} ${answer.status}`);
  }
  const lines = [
    'POST /token HTTP/1.1',
    `Host: ${host}`,
    `Authorization: ${basic(gatehouse, 'machine')}`,
    'Content-Type: application/x-www-form-urlencoded',
    'Transfer-Encoding: chunked',
    '',
    '',
  ].join('\r\n');
  const chunk = `4000\r\n${'x'.repeat(0x4000)}\r\n`;
  const text = await sendBytes(port, lines + chunk.repeat(40));
  t.regex(text, /^HTTP\/1\.1 (400|413) /);
});

test('T-50 a form of thousands of fields is refused or read, quickly', async (t) => {
  for (const fields of [
    'a=1&'.repeat(8000),
    'scope=a&'.repeat(5000),
    '&'.repeat(50 * KB),
    '='.repeat(50 * KB),
  ]) {
    const answer = await post(gatehouse, '/token', `grant_type=client_credentials&${fields}`, {
      as: 'machine',
    });
    t.true([200, 400, 413].includes(answer.status), String(answer.status));
  }
});

async function signInPage(): Promise<{ page: Page; csrf: string; cookie: string; path: string }> {
  const agent = createAgent(gatehouse.issuer);
  const page = await agent.get(authorization(gatehouse, 'web').url);
  const csrf = page.html.querySelector('input[name=csrf]')?.getAttribute('value') ?? '';
  const cookie = await agent.jar.getCookieString(page.url);
  return { page, csrf, cookie, path: `${new URL(page.url).pathname}/sign-in` };
}

test('T-51 a password of 1 MB is refused without being hashed', async (t) => {
  const { csrf, cookie, path } = await signInPage();
  const body = encode({ csrf, email: 'dev@example.com', password: 'x'.repeat(1024 * KB) });
  const headers = {
    Cookie: cookie,
    'Content-Type': 'application/x-www-form-urlencoded',
    'Content-Length': String(body.length),
  };
  const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  const answer = await sendLines(port, [`POST ${path} HTTP/1.1`, `Host: ${host}`, ...head], body);
  t.true([400, 413].includes(answer.status), String(answer.status));
});

test('T-51 an over-long password is refused, in characters and in bytes', async (t) => {
  const { csrf, cookie, path } = await signInPage();
  for (const password of [
    'x'.repeat(129),
    'x'.repeat(4097),
    'é'.repeat(5000),
    '😀'.repeat(3000),
    'e\u0301'.repeat(1500),
  ]) {
    const answer = await post(
      gatehouse,
      path,
      { csrf, email: 'dev@example.com', password },
      { headers: { Cookie: cookie, Accept: 'text/html' } },
    );
    t.true([400, 413].includes(answer.status), String(answer.status));
  }
});

test('T-50 e-mail addresses that make regular expressions slow are refused, quickly', async (t) => {
  const { csrf, cookie, path } = await signInPage();
  for (const email of [
    `${'a@'.repeat(150)}a`,
    `a@${'a.'.repeat(150)}`,
    `${' '.repeat(300)}a@b`,
    `${'\t'.repeat(150)}@${'\t'.repeat(150)}`,
    '@'.repeat(320),
    `a@b${' '.repeat(310)}x`,
    'x'.repeat(30 * KB),
    `${'a@'.repeat(15 * KB)}`,
  ]) {
    const answer = await post(
      gatehouse,
      path,
      { csrf, email, password: 'x' },
      { headers: { Cookie: cookie, Accept: 'text/html' } },
    );
    t.true([400, 413].includes(answer.status), String(answer.status));
  }
});

test.serial(
  'T-51 of five hundred sign-ins at once some are told to come back, and machines get their tokens',
  async (t) => {
    const { csrf, cookie, path } = await signInPage();
    const body = encode({ csrf, email: 'dev@example.com', password: 'wrong password' });
    const token = () =>
      post(
        gatehouse,
        '/token',
        { grant_type: 'client_credentials', resource: 'https://api.example.com/orders' },
        { as: 'machine' },
      );
    let done = false;
    const crowd = sendTogether(port, 500, { path, headers: { Cookie: cookie }, body }).finally(
      () => {
        done = true;
      },
    );
    const machines: number[] = [];
    while (!done) machines.push((await token()).status);
    const answers = await crowd;
    const count = (status: number) => answers.filter((answer) => answer.status === status).length;
    t.is(count(400) + count(503), 500, JSON.stringify(tally(answers)));
    t.true(count(400) >= 102);
    t.true(count(503) > 0);
    for (const { status, headers, text } of answers) {
      if (status !== 503) continue;
      t.regex(String(headers['retry-after']), /^\d+$/);
      t.regex(text, /Many people are signing in right now|temporarily unavailable/);
    }
    t.true(machines.length > 1);
    t.deepEqual([...new Set(machines)], [200]);
    const afterwards = await post(
      gatehouse,
      path,
      { csrf, email: 'dev@example.com', password: 'wrong password' },
      { headers: { Cookie: cookie, Accept: 'text/html' } },
    );
    t.is(afterwards.status, 400);
  },
);

test('T-50 slow, silent and half-open connections hold up nobody', async (t) => {
  const silent = Array.from({ length: 50 }, () =>
    sendBytes(port, 'POST /token HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n').catch(() => ''),
  );
  const answer = await post(
    gatehouse,
    '/token',
    { grant_type: 'client_credentials' },
    { as: 'web' },
  );
  t.is(answer.status, 400);
  t.is(silent.length, 50);
});
