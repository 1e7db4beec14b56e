// T-56: what strangers write cannot forge, break or colour a line of the log or of the audit trail.
import test from 'ava';
import { createAgent } from '../_agent.ts';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { authorization, encode, obtainCode, post } from './_flow.ts';
import { sendPlain } from './_raw.ts';

let gatehouse: Gatehouse;
test.before(async () => {
  gatehouse = await startGatehouse({ logLevel: 'trace' });
});
test.after.always(() => gatehouse?.stop());

const FORGERY = '{"level":30,"msg":"token issued","forged":true}';
const HOSTILE = [
  `x\r\n${FORGERY}`,
  `x\n${FORGERY}\n`,
  `x"},\n${FORGERY}`,
  '\u001b[2J\u001b[31mred',
  'x\u2028y\u2029z',
  '","forged":true,"x":"',
  '\\u000aforged',
  '%0d%0aforged',
  '\u202eforged',
  '\b\b\b\bforged',
  '<script>forged</script>',
  '=cmd|forged',
  '\x24{jndi:ldap://forged}',
];

async function say(words: string): Promise<void> {
  const agent = createAgent(gatehouse.issuer);
  const page = await agent.get(
    authorization(gatehouse, 'web', { state: words, login_hint: words }).url,
  );
  for (const email of [words, `${words.replace(/\s/g, '')}@example.com`])
    if (page.status === 200) await agent.submit(page, 'Sign in', { email, password: words });
  const query = encode({ scope: words, client_id: words, error: words });
  await agent.get(`${gatehouse.issuer}/authorize?${query}`);
  await agent.get(`${gatehouse.issuer}/logout?${encode({ id_token_hint: words, state: words })}`);
  await agent.get(`${gatehouse.issuer}/${encodeURIComponent(words)}`);
  for (const as of ['web', 'machine']) {
    for (const grant_type of ['client_credentials', 'refresh_token', words]) {
      const params = {
        grant_type,
        scope: words,
        refresh_token: words,
        resource: words,
        audience: words,
      };
      await post(gatehouse, '/token', params, { as });
    }
    await post(gatehouse, '/introspect', { token: words, token_type_hint: words }, { as });
  }
  await post(gatehouse, '/token', { grant_type: 'client_credentials', client_id: words });
  const latin1 = words.replace(/[^\t\x20-\x7e]/g, '?');
  const headers: Record<string, string> = { Accept: 'text/html' };
  for (const name of [
    'User-Agent',
    'Referer',
    'X-Forwarded-For',
    'X-Request-Id',
    'X-Correlation-Id',
    'Authorization',
    'Origin',
  ])
    headers[name] = latin1;
  for (const path of ['/', '/userinfo', '/authorize', '/nothing'])
    await sendPlain(gatehouse.config.port, { path, headers });
}

test.serial('T-56 every line of the log is one JSON object of ours', async (t) => {
  for (const words of HOSTILE) await say(words);
  t.true(gatehouse.log.length > 100);
  for (const line of gatehouse.log) {
    t.true(line.endsWith('\n'));
    t.is(line.indexOf('\n'), line.length - 1, line);
    t.notRegex(line.slice(0, -1), /\p{Cc}|\p{Zl}|\p{Zp}/u);
    const entry = JSON.parse(line);
    t.is(entry.name, 'gatehouse');
    t.is(entry.forged, undefined, line);
    t.is(line.match(/"level":/g)?.length, 1, line);
  }
});

test.serial('T-56 the correlation id is ours, not the sender’s', async (t) => {
  const headers = { 'X-Correlation-Id': 'theirs', 'X-Request-Id': 'theirs' };
  const answer = await sendPlain(gatehouse.config.port, { path: '/nothing', headers });
  t.regex(String(answer.headers['x-correlation-id']), /^[0-9a-f-]{36}$/);
  t.true(gatehouse.log.some((line) => line.includes(String(answer.headers['x-correlation-id']))));
});

test.serial('T-56 the audit trail holds rows of one event each, with known types', async (t) => {
  const rows = await gatehouse.db.knex('audit_events').select('*');
  t.true(rows.length > 20);
  for (const row of rows) {
    t.regex(row.type, /^[a-z-]+(\.[a-z_-]+)+$/);
    t.is(row.detail.forged, undefined);
    t.true(row.network === null || /^127\.0\.0\.1$/.test(row.network), row.network);
  }
});

test.serial('T-56 audit events can be neither changed nor deleted', async (t) => {
  await obtainCode(gatehouse, 'web');
  const { knex } = gatehouse.db;
  const count = async () => Number((await knex('audit_events').count())[0]?.['count']);
  const before = await count();
  t.true(before > 0);
  const statements = [
    "UPDATE audit_events SET type = 'forged'",
    'UPDATE audit_events SET type = type WHERE false',
    'DELETE FROM audit_events',
    'DELETE FROM audit_events WHERE id = 1',
    'TRUNCATE audit_events',
    'INSERT INTO audit_events (id, type) OVERRIDING SYSTEM VALUE SELECT id, type FROM audit_events LIMIT 1',
    `INSERT INTO audit_events (type) VALUES ('x') ON CONFLICT (id) DO UPDATE SET type = 'forged'`,
    `MERGE INTO audit_events a USING (VALUES (1)) v (id) ON a.id = v.id WHEN MATCHED THEN DELETE`,
  ];
  for (const statement of statements)
    await t.throwsAsync(knex.raw(statement), undefined, statement);
  t.is(await count(), before);
});
