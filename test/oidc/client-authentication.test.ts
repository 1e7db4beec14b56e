// RFC 6749 section 2.3: secrets, and what a client learns that fails to authenticate.

import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { test } from '../_one-at-a-time.ts';
import { addClient, assertRefused, basic, post, requestToken } from '../_protocol.ts';

let gatehouse: Gatehouse;
test.before(async () => {
  gatehouse = await startGatehouse();
});
test.after.always(() => gatehouse?.stop());

const MACHINE = { grant_type: 'client_credentials' };

test('ids and secrets survive Basic unencoded', (t) => {
  for (const kind of ['web', 'machine', 'console']) {
    const { client_id, client_secret = '' } = gatehouse.client(kind);
    t.regex(client_id, /^c_[A-Za-z0-9._~-]+$/);
    t.regex(client_secret, /^gh_sec_[A-Za-z0-9._~-]{52}$/);
  }
});

test('a wrong secret is answered 401, in Basic with a challenge', async (t) => {
  const { client_id } = gatehouse.client('machine');
  const wrong = { client_id, client_secret: 'gh_sec_wrong' };
  const expected = { status: 401, error: 'invalid_client', description: /authentication failed/ };
  const answer = await post(gatehouse, '/token', MACHINE, basic(wrong));
  assertRefused(t, answer, expected);
  t.regex(answer.headers.get('WWW-Authenticate') ?? '', /^Basic realm="[^"]+"/);
  assertRefused(t, await post(gatehouse, '/token', { ...MACHINE, ...wrong }), expected);
});

test('an unknown client is told the same as one with a wrong secret', async (t) => {
  const known = { client_id: gatehouse.client('machine').client_id, client_secret: 'gh_sec_wrong' };
  const ids = [`c_${'0'.repeat(24)}`, 'c_', 'orders', `c_${'x'.repeat(5000)}`];
  const one = await post(gatehouse, '/token', MACHINE, basic(known));
  for (const client_id of ids) {
    const other = await post(gatehouse, '/token', MACHINE, basic({ ...known, client_id }));
    assertRefused(t, other, {
      status: 401,
      error: 'invalid_client',
      description: /authentication failed/,
    });
    const { correlation_id } = other.body;
    t.deepEqual({ ...other.body, correlation_id: '' }, { ...one.body, correlation_id: '' });
    t.not(correlation_id, one.body['correlation_id']);
  }
});

test("one client's secret does not open another", async (t) => {
  const { client_secret = '' } = gatehouse.client('web');
  const { client_id } = gatehouse.client('machine');
  assertRefused(t, await post(gatehouse, '/token', MACHINE, basic({ client_id, client_secret })), {
    status: 401,
    error: 'invalid_client',
    description: /authentication failed/,
  });
});

test('credentials sent in two ways are refused', async (t) => {
  const machine = gatehouse.client('machine');
  const { client_id, client_secret } = machine;
  const params = { ...MACHINE, client_id, client_secret };
  assertRefused(t, await post(gatehouse, '/token', params, basic(machine)), {
    error: 'invalid_request',
    description: /only be provided using one mechanism/,
  });
});

test('a public client that sends a secret is refused', async (t) => {
  const { client_id } = gatehouse.client('spa');
  const params = { grant_type: 'authorization_code', code: 'A'.repeat(43), client_id };
  const answer = await post(gatehouse, '/token', { ...params, client_secret: 'made-up' });
  assertRefused(t, answer, {
    status: 401,
    error: 'invalid_client',
    description: /client authentication failed.*method/,
  });
});

test('a public client of an unknown id reads a sentence in a 400', async (t) => {
  const params = { grant_type: 'authorization_code', code: 'x', client_id: `c_${'0'.repeat(24)}` };
  assertRefused(t, await post(gatehouse, '/token', params), {
    error: 'invalid_client',
    description: /\w+ \w+/,
  });
});

test('a token request of nobody is refused', async (t) => {
  assertRefused(t, await post(gatehouse, '/token', MACHINE), {
    error: 'invalid_request',
    description: /no client authentication mechanism provided/,
  });
});

const malformed: Record<string, string> = {
  'another scheme': 'Bearer abc',
  'no base64': 'Basic ***',
  'no colon': `Basic ${Buffer.from('c_abc').toString('base64')}`,
};
for (const [title, header] of Object.entries(malformed)) {
  test(`an Authorization header with ${title} is refused`, async (t) => {
    const answer = await post(gatehouse, '/token', MACHINE, { Authorization: header });
    t.true([400, 401].includes(answer.status), answer.text);
    t.true(['invalid_request', 'invalid_client'].includes(String(answer.body['error'])));
    t.regex(String(answer.body['error_description']), /\w+ \w+/);
  });
}

test('a resource server has no tokens of its own', async (t) => {
  const answer = await requestToken(gatehouse, gatehouse.client('resource-server'), MACHINE);
  assertRefused(t, answer, {
    error: 'unauthorized_client',
    description: /grant type .*not allowed for this client/,
  });
});

test('the secret is stored as a keyed hash only', async (t) => {
  const { client_id, client_secret = '' } = await addClient(gatehouse, { kind: 'machine' });
  const query = await gatehouse.db.query();
  const rows = await query('credentials').where({ client_id });
  t.is(rows.length, 1);
  const stored = JSON.stringify({
    ...rows[0],
    secret_hash: rows[0].secret_hash.toString('latin1'),
  });
  t.false(stored.includes(client_secret));
  t.false(stored.includes(client_secret.slice(12, 40)));
});
