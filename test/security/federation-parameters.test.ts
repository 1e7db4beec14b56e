// What a stranger writes into the address of a callback: never a fault, never a way off this server,
// never a header, and never more than a line in the log.
import type { Page } from '../_agent.ts';
import type { Gatehouse } from '../_gatehouse.ts';
import { test } from '../_one-at-a-time.ts';
import { addConnector, comeBack } from '../federation/_connector.ts';
import { APPLE_TEAM, createApple } from '../federation/upstreams/_apple.ts';
import { CLIENT_ID } from '../federation/upstreams/_authorization-server.ts';
import {
  aboutToReturn,
  callbackUrl,
  createProvider,
  reasonsOf,
  signedInAs,
  startWith,
} from './_federation.ts';

const alpha = createProvider('Alpha');
const apple = {
  id: 'apple',
  name: 'Apple',
  issuer: 'https://appleid.apple.com',
  fake: createApple(),
};

let gatehouse: Gatehouse;
test.before(async () => {
  gatehouse = await startWith([alpha], { others: [apple.fake] });
  const settings = { client_id: CLIENT_ID, private_key: 'file:/run/AuthKey.p8', ...APPLE_TEAM };
  await addConnector(gatehouse, { id: 'apple', kind: 'apple', name: 'Apple', settings });
});
test.after.always(() => gatehouse?.stop());

/** Nobody was signed in, nothing broke, and the browser stayed here. */
const isHarmless = ({ status, headers }: Pick<Page, 'status' | 'headers'>) => {
  const location = headers.get('Location');
  const stays =
    location === null || new URL(location, gatehouse.issuer).origin === gatehouse.issuer;
  return stays && status < 500;
};

const LONG = 'a'.repeat(7000);
const NUL = '\0';
const HOSTILE = [
  ['nothing', () => ''],
  ['an empty state', () => 'state=&code=x'],
  ['a long state', () => `state=${LONG}&code=x`],
  ['a long code', (state) => `state=${state}&code=${LONG}`],
  ['a long error', (state) => `state=${state}&error=${LONG}&error_description=${LONG}`],
  ['two codes', (state) => `state=${state}&code=x&code=y`],
  ['two states', (state) => `state=${state}&state=${state}&code=x`],
  ['another state after its own', (state) => `state=${state}&state=other&code=x`],
  ['its own state after another', (state) => `state=other&state=${state}&code=x`],
  ['a list of states', (state) => `state[]=${state}&code=x`],
  ['a list of codes', (state) => `state=${state}&code[]=x&code[]=y`],
  ['an object', (state) => `state[a]=${state}&__proto__[a]=b&constructor[prototype]=x`],
  ['code and error at once', (state) => `state=${state}&code=x&error=access_denied`],
  ['an answer of the implicit flow', (state) => `state=${state}&id_token=x&access_token=y`],
  ['a JARM answer', (state) => `state=${state}&response=eyJhbGciOiJub25lIn0.e30.`],
  ['NUL in the error', (state) => `state=${state}&error=a%00b&error_description=a%00b`],
  [
    'an error that is cut within a character',
    (state) => `state=${state}&error=x&error_description=${'%F0%9F%98%80'.repeat(400)}`,
  ],
  [
    'a lone surrogate in the error',
    (state) => `state=${state}&error=%ED%A0%80&error_description=%uD800`,
  ],
  ['broken percent signs', (state) => `state=${state}&error=%&error_description=%E0%A4%A`],
  ['NUL in the state', () => 'state=%00&code=x'],
  ['NUL in the code', (state) => `state=${state}&code=%00`],
  ['line breaks in the error', (state) => `state=${state}&error=a%0d%0aSet-Cookie:%20x=y`],
  ['line breaks in iss', (state) => `state=${state}&code=x&iss=https://evil.test%0d%0aX-A:%20b`],
] as const satisfies [string, (state: string) => string][];

for (const [what, query] of HOSTILE)
  test(`a callback with ${what} signs nobody in and breaks nothing`, async (t) => {
    const { agent, query: honest } = await aboutToReturn(gatehouse, alpha);
    const before = (await reasonsOf(gatehouse)).length;
    const search = query(honest.get('state') ?? '');
    const page = await agent.get(`${gatehouse.issuer}/federation/alpha/callback?${search}`);
    t.true(isHarmless(page), `${page.status} ${page.text}`);
    t.is(
      page.headers.get('X-A') ?? page.headers.get('Set-Cookie')?.match(/^x=y/)?.[0] ?? null,
      null,
    );
    t.is(await signedInAs(gatehouse, agent), undefined);
    t.is((await reasonsOf(gatehouse)).length, before + 1, 'the trail does not say what happened');
  });

const ELSEWHERE = [
  '//evil.test',
  '/\\evil.test',
  'https://evil.test',
  'javascript:alert(1)',
  '\r\nX-A: b',
];

test('no parameter of a callback leads to another server', async (t) => {
  for (const name of ['state', 'error', 'error_description', 'error_uri', 'iss', 'redirect_uri'])
    for (const value of ELSEWHERE) {
      const { agent, query } = await aboutToReturn(gatehouse, alpha);
      query.delete('code');
      if (name !== 'error') query.set('error', 'access_denied');
      query.set(name, value);
      const answer = await agent.request(callbackUrl(gatehouse, 'alpha', query));
      t.true(isHarmless(answer), `${name}=${value}: ${answer.status}`);
      t.false(answer.headers.has('X-A'));
      t.false((await answer.text()).includes('evil.test'), `${name}=${value}`);
    }
});

test('no name of a connector leads to another server, whatever a stranger makes of it', async (t) => {
  const names = [
    '%2F%2Fevil.test',
    '%5Cevil.test',
    '..',
    '%2e%2e%2f',
    '%0d%0aX-A:%20b',
    '%00',
    '%ff',
    '%F0%9F',
    LONG,
  ];
  const { agent, page, query } = await aboutToReturn(gatehouse, alpha);
  const uid = new URL(page.url).pathname.split('/')[2];
  const paths = (name: string) => [
    `/federation/${name}/callback?${query}`,
    `/interaction/${uid}/federation/${name}`,
    `/interaction/${uid}/identity/proof/${name}`,
    `/invitation/federation/${name}?token=${name}`,
    `/federation/${name}/front-channel-logout?sid=${name}`,
    `/interaction/${uid}?refused=unavailable&connector=${name}`,
  ];
  for (const path of names.flatMap(paths)) {
    const answer = await agent.request(gatehouse.issuer + path);
    t.true(isHarmless(answer), `${path}: ${answer.status} ${await answer.text()}`);
    t.false(answer.headers.has('X-A'), path);
  }
});

test('a cross-site POST to a connector that is called by GET is refused, and uses nothing up', async (t) => {
  const { agent, callback, query } = await aboutToReturn(gatehouse, alpha);
  for (const headers of [{}, { 'Sec-Fetch-Site': 'cross-site', Origin: 'https://evil.test' }]) {
    const url = `${gatehouse.issuer}/federation/alpha/callback`;
    const answer = await agent.request(url, { method: 'POST', headers, body: query });
    t.is(answer.status, 405);
    t.is(answer.headers.get('Allow'), 'GET');
  }
  t.not((await comeBack(agent, callback)).headers.get('Location'), null);
});

test('a connector that is called by POST takes no answer from the address', async (t) => {
  const { agent, query } = await aboutToReturn(gatehouse, apple);
  const page = await agent.get(callbackUrl(gatehouse, 'apple', query));
  t.true(isHarmless(page));
  t.is((await reasonsOf(gatehouse)).at(-1), 'invalid_answer');
  t.is(apple.fake.requests.filter(({ place }) => place === 'token').length, 0);
});

test('of two answers to one attempt the first counts: nobody replaces it', async (t) => {
  const { agent, callback, query } = await aboutToReturn(gatehouse, apple);
  const post = (body: URLSearchParams) =>
    fetch(callback.url, { method: 'POST', body, redirect: 'manual' });
  t.is((await post(query)).status, 303);
  t.is(
    (await post(new URLSearchParams({ state: query.get('state') ?? '', error: 'x' }))).status,
    303,
  );
  await agent.get(callbackUrl(gatehouse, 'apple', { state: query.get('state') ?? '' }));
  t.is(apple.fake.requests.filter(({ place }) => place === 'token').length, 1);
});

test('a posted answer with hostile fields is refused, or leads nowhere', async (t) => {
  const url = `${gatehouse.issuer}/federation/apple/callback`;
  const bodies = [
    '',
    'state=a&state=b',
    `state=${LONG.repeat(5)}`,
    'state=%00',
    '__proto__=a&state=b',
    'state=%0d%0aX-A:b',
  ];
  for (const body of bodies) {
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
    const answer = await fetch(url, { method: 'POST', headers, body, redirect: 'manual' });
    t.true(isHarmless(answer), `${body.slice(0, 50)}: ${answer.status}`);
    t.false(answer.headers.has('X-A'));
  }
  const json = await fetch(url, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: '{}',
  });
  t.is(json.status, 415);
});

test('a name with NUL or a long one in what is unsigned breaks nothing', async (t) => {
  for (const user of [
    `{"name":{"firstName":"a${NUL}b","lastName":"\\ud800"}}`,
    JSON.stringify({ name: { firstName: LONG, lastName: { a: 1 } } }),
    '{"name":',
    '[]',
    `{"name":{"firstName":${'['.repeat(5000)}`,
  ]) {
    apple.fake.userField = user;
    const { agent, callback } = await aboutToReturn(gatehouse, apple);
    t.true(isHarmless(await comeBack(agent, callback)), user.slice(0, 40));
  }
});

test('Apple: the address that the browser wrote beside the token is not looked at', async (t) => {
  apple.fake.person['email'] = 'truth@example.org';
  apple.fake.userField = JSON.stringify({
    name: { firstName: 'Mallory', lastName: 'M' },
    email: 'victim@example.org',
  });
  const { agent, callback } = await aboutToReturn(gatehouse, apple);
  callback.body?.set('email', 'victim@example.org');
  const page = await comeBack(agent, callback);
  t.not(page.headers.get('Location'), null);
  const emails = await gatehouse.db.knex('accounts').pluck('email');
  t.true(emails.includes('truth@example.org'));
  t.false(emails.includes('victim@example.org'));
});
