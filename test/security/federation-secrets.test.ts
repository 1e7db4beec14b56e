// T-56, T-60: after trips that succeed, fail and are left open, nothing of their secrets is in the log,
// on a page, in the audit trail or, in clear, in any table.
import { randomUUID } from 'node:crypto';
import { createAgent, type Page } from '../_agent.ts';
import type { Gatehouse } from '../_gatehouse.ts';
import { test } from '../_one-at-a-time.ts';
import { addConnector, comeBack } from '../federation/_connector.ts';
import { APPLE_PRIVATE_KEY, APPLE_TEAM, createApple } from '../federation/upstreams/_apple.ts';
import { CLIENT_ID, CLIENT_SECRET } from '../federation/upstreams/_authorization-server.ts';
import type { FakeUpstream } from '../federation/upstreams/_fake.ts';
import { createOidc } from '../federation/upstreams/_oidc.ts';
import { dumpTables, spellings } from './_dump.ts';
import { aboutToReturn, arrive, callbackUrl, startWith } from './_federation.ts';

/** Secret values by what they are. */
const seen = new Map<string, Set<string>>();
const see = (what: string, ...values: unknown[]) => {
  const set = seen.get(what) ?? new Set();
  for (const value of values) if (typeof value === 'string' && value.length > 7) set.add(value);
  seen.set(what, set);
};

/** Sees all that passes between this server and an upstream. */
function overheard<Fake extends FakeUpstream>(fake: Fake): Fake {
  const { fetch, authorize } = fake;
  fake.fetch = async (request) => {
    const body = new URLSearchParams(await request.clone().text());
    see('authorization code', body.get('code'));
    see('code verifier', body.get('code_verifier'));
    see(
      'client secret',
      body.get('client_secret'),
      request.headers.get('authorization')?.split(' ')[1],
    );
    const answer = await fetch.call(fake, request);
    const text = await answer.clone().text();
    for (const name of ['access_token', 'refresh_token', 'id_token']) {
      const [, value] = new RegExp(`"${name}":"([^"]+)"`).exec(text) ?? [];
      see(name, value, value?.split('.')[2]);
    }
    return answer;
  };
  fake.authorize = async (url) => {
    for (const name of ['state', 'nonce']) see(name, url.searchParams.get(name));
    const callback = await authorize.call(fake, url);
    const fields = callback.body ?? new URL(callback.url).searchParams;
    see('authorization code', fields.get('code'));
    return callback;
  };
  return fake;
}

const alpha = {
  ...{ id: 'alpha', name: 'Alpha', issuer: 'https://alpha.example.org' },
  fake: overheard(
    createOidc({
      issuer: 'https://alpha.example.org',
      shape: { tokens: () => ({ refresh_token: `refresh-${randomUUID()}` }) },
    }),
  ),
};
const apple = {
  ...{ id: 'apple', name: 'Apple', issuer: 'https://appleid.apple.com' },
  fake: overheard(createApple({ email: 'apple.person@example.org' })),
};

let gatehouse: Gatehouse;
const pages: Page[] = [];

async function succeed(): Promise<void> {
  Object.assign(alpha.fake.person, {
    sub: 'settled',
    email: 'settled@example.org',
    sid: `sid-${randomUUID()}`,
  });
  pages.push(
    await arrive(gatehouse, alpha),
    await arrive(gatehouse, alpha),
    await arrive(gatehouse, apple),
  );
}

const FAULTS: FakeUpstream['faults'][] = [
  ...(
    [
      'wrong nonce',
      'missing nonce',
      'wrong iss',
      'wrong aud',
      'expired',
      'foreign key',
      'absent',
    ] as const
  ).map((idToken) => ({ idToken })),
  ...(['html', 'truncated', 'status 500', 'hang', 'unreachable', 'list'] as const).map((token) => ({
    answers: { token },
  })),
  { token: { error: 'invalid_client' } },
  { token: { error: 'invalid_grant' } },
  { callbackIss: 'https://evil.test' },
];

async function fail(): Promise<void> {
  for (const provider of [alpha, apple])
    for (const faults of FAULTS) {
      provider.fake.faults = faults;
      pages.push(await arrive(gatehouse, provider));
      provider.fake.faults = {};
    }
  const { agent, callback, query } = await aboutToReturn(gatehouse, alpha);
  pages.push(await comeBack(createAgent(gatehouse.issuer), callback));
  pages.push(await agent.get(callbackUrl(gatehouse, 'apple', query)));
  pages.push(await agent.get(`${callback.url}&code=other`));
  pages.push(await agent.get(callback.url));
}

/** Trips that are still under way, at each step. */
async function leaveOpen(): Promise<void> {
  await aboutToReturn(gatehouse, alpha);
  const { callback } = await aboutToReturn(gatehouse, apple);
  await fetch(callback.url, { method: 'POST', body: callback.body ?? null, redirect: 'manual' });
  const waiting = { sub: 'waiting-person-subject', given_name: '', family_name: '', name: '' };
  Object.assign(alpha.fake.person, waiting, {
    email: 'waiting-person@example.org',
    email_verified: false,
  });
  see('person who waits', 'waiting-person-subject', 'waiting-person@example.org');
  await arrive(gatehouse, alpha);
  const agent = createAgent(gatehouse.issuer);
  const form = await arrive(gatehouse, alpha, agent);
  const typed = { email: 'typed-person@example.org', given_name: 'Typedname' };
  pages.push(await agent.submit(form, 'Continue', typed));
  see('person who waits', typed.email, typed.given_name);
}

test.before(async () => {
  const settings = { store_tokens: true };
  gatehouse = await startWith([alpha], {
    config: { logLevel: 'trace' },
    settings,
    others: [apple.fake],
  });
  const own = { client_id: CLIENT_ID, private_key: 'file:/run/AuthKey.p8', ...APPLE_TEAM };
  await addConnector(gatehouse, { id: 'apple', kind: 'apple', name: 'Apple', settings: own });
  see('client secret', CLIENT_SECRET, APPLE_PRIVATE_KEY.split('\n')[1]);
  await succeed();
  await fail();
  await leaveOpen();
});
test.after.always(() => gatehouse?.stop());

const EXPECTED = ['client secret', 'authorization code', 'code verifier', 'state', 'nonce'];
EXPECTED.push('access_token', 'refresh_token', 'id_token', 'person who waits');

test('every kind of secret was seen, and what is kept was kept', async (t) => {
  for (const what of EXPECTED) t.true((seen.get(what)?.size ?? 0) > 0, what);
  const { knex } = gatehouse.db;
  for (const table of [
    'federation_attempts',
    'pending_identities',
    'upstream_tokens',
    'upstream_sessions',
  ])
    t.true((await knex(table)).length > 0, `${table} is empty`);
});

for (const what of EXPECTED) {
  test(`T-56 no ${what} is in the log`, (t) => {
    const log = gatehouse.log.join('');
    t.true(log.length > 1000);
    for (const secret of seen.get(what) ?? [])
      for (const spelling of spellings(secret))
        t.false(
          log.includes(spelling),
          gatehouse.log.find((line) => line.includes(spelling)),
        );
  });

  test(`T-56 no ${what} is in the database in clear`, async (t) => {
    const found: string[] = [];
    for (const [table, rows] of await dumpTables(gatehouse.db)) {
      const text = rows.join('\n');
      for (const secret of seen.get(what) ?? [])
        if (spellings(secret).some((spelling) => text.includes(spelling)))
          found.push(`${table}: ${secret}`);
    }
    t.deepEqual(found, []);
  });
}

test('T-56 no secret is on a page', (t) => {
  t.true(pages.length > 30);
  for (const what of EXPECTED.filter((name) => name !== 'person who waits'))
    for (const secret of seen.get(what) ?? [])
      for (const { text, url } of pages) t.false(text.includes(secret), `${what} on ${url}`);
});

test('every refusal left a row that says why, and where', async (t) => {
  const rows = await gatehouse.db
    .knex('audit_events')
    .where({ type: 'sign-in.failed' })
    .select('detail');
  t.true(rows.length >= 2 * FAULTS.length + 4, `${rows.length} rows`);
  for (const { detail } of rows) {
    t.regex(detail.reason, /^[a-z_]+$/);
    t.regex(detail.connector, /^(alpha|apple)$/);
    t.is(detail.method, 'federation');
  }
});
