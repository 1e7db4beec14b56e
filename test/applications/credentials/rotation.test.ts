// POST /credentials/rotate: an application gets its next secret for one that works.
import { retireCredential } from '../../../src/applications/credentials/change-credential.ts';
import { suspendApplication } from '../../../src/storage/applications.ts';
import { disableClient } from '../../../src/storage/clients.ts';
import { listCredentials } from '../../../src/storage/credentials.ts';
import { type Gatehouse, startGatehouse } from '../../_gatehouse.ts';
import { test } from '../../_one-at-a-time.ts';
import { assertRefused, eventually, post } from '../../_protocol.ts';
import { addApplication, committed } from '../_application.ts';
import { askWith, assertionOf, dumpOf, OPERATOR, rotateWith, withNewKey } from './_credentials.ts';

const DAY = 24 * 3600;

let gatehouse: Gatehouse;
test.before(async () => {
  gatehouse = await startGatehouse();
});
test.after.always(() => gatehouse?.stop());

const listOf = (clientId: string) => listCredentials(gatehouse.db, clientId);

test('it gives a secret that works, and the old one works on for a day', async (t) => {
  const { client } = await addApplication(gatehouse);
  const [first] = await listOf(client.client_id);
  const { status, headers, body } = await rotateWith(gatehouse, client);
  t.is(status, 200);
  t.is(headers.get('Cache-Control'), 'no-store');
  t.regex(String(body['client_secret']), /^gh_sec_[A-Za-z0-9._~-]{52}$/);
  t.is(body['client_secret_expires_at'], 0);
  const previous = body['previous'] as { id: string; expires_at: number };
  t.is(previous.id, first?.id ?? '');
  t.true(Math.abs(previous.expires_at - Date.now() / 1000 - DAY) < 60);
  const next = { ...client, client_secret: String(body['client_secret']) };
  t.is((await askWith(gatehouse, next)).status, 200);
  t.is((await askWith(gatehouse, client)).status, 200);
  const credentials = await listOf(client.client_id);
  t.deepEqual(credentials.map(({ state }) => state).toSorted(), ['live', 'retiring']);
  t.is(credentials.find(({ id }) => id === body['credential_id'])?.name, first?.name);
});

test('a secret that expires is followed by one that lives as long', async (t) => {
  const { client } = await addApplication(gatehouse);
  const [first] = await listOf(client.client_id);
  await gatehouse.db
    .knex('credentials')
    .where({ id: first?.id ?? '' })
    .update({ expires_at: gatehouse.db.knex.raw("created_at + interval '90 days'") });
  const { body } = await rotateWith(gatehouse, client, { overlap_seconds: '3600' });
  const next = Number(body['client_secret_expires_at']) - Date.now() / 1000;
  t.true(Math.abs(next - 90 * DAY) < 60, String(next));
  const again = await rotateWith(gatehouse, client);
  const previous = again.body['previous'] as { expires_at: number };
  t.true(previous.expires_at - Date.now() / 1000 <= 3600, 'an overlap is never made longer');
});

test('client_secret_post and private_key_jwt rotate as well', async (t) => {
  const { client } = await addApplication(gatehouse);
  const { client_id, client_secret = '' } = client;
  const posted = await post(gatehouse, '/credentials/rotate', { client_id, client_secret });
  t.is(posted.status, 200, posted.text);
  const key = await withNewKey(gatehouse, client, 'k1');
  const signed = await eventually(
    async () => post(gatehouse, '/credentials/rotate', await assertionOf(gatehouse, client, key)),
    ({ status }) => status === 200,
  );
  t.is(signed.status, 200, signed.text);
  t.is((signed.body['previous'] as { id: string }).id, key.credential.id);
});

test('what does not authenticate is refused as at the token endpoint', async (t) => {
  const { client } = await addApplication(gatehouse);
  const wrong = { ...client, client_secret: 'gh_sec_wrong' };
  const expected = { status: 401, error: 'invalid_client', description: /authentication failed/ };
  const answer = await rotateWith(gatehouse, wrong);
  assertRefused(t, answer, expected);
  t.regex(answer.headers.get('WWW-Authenticate') ?? '', /^Basic realm="[^"]+"/);
  const { client_id } = client;
  for (const params of [{ client_id }, {}]) {
    const { status, body } = await post(gatehouse, '/credentials/rotate', params);
    t.true([400, 401].includes(status));
    t.false('client_secret' in body);
  }
  const { client_id: spa } = gatehouse.client('spa');
  const open = await post(gatehouse, '/credentials/rotate', { client_id: spa });
  t.is(open.status, 401);
  t.is((await listOf(client_id)).length, 1);
});

test('a wrong overlap is refused, and nothing is rotated', async (t) => {
  const { client } = await addApplication(gatehouse);
  for (const overlap_seconds of ['-1', '1', '2592001', 'soon', '1e3'])
    assertRefused(t, await rotateWith(gatehouse, client, { overlap_seconds }), {
      error: 'invalid_request',
      description: /overlap_seconds must be a whole number/,
    });
  t.is((await listOf(client.client_id)).length, 1);
});

test('an idempotency key gives the same secret again', async (t) => {
  const { client } = await addApplication(gatehouse);
  const headers = { 'Idempotency-Key': crypto.randomUUID() };
  const answers = await Promise.all(
    Array.from({ length: 4 }, () => rotateWith(gatehouse, client, {}, headers)),
  );
  t.deepEqual([...new Set(answers.map(({ text }) => text))].length, 1);
  t.is((await listOf(client.client_id)).length, 2);
  const other = await rotateWith(gatehouse, client, { overlap_seconds: '60' }, headers);
  assertRefused(t, other, { status: 422, error: 'idempotency_key_reused', description: /new one/ });
});

test('of many at once without a key at most ten are made, and the rest is told so', async (t) => {
  const { client } = await addApplication(gatehouse);
  const answers = await Promise.all(
    Array.from({ length: 14 }, () =>
      // On a busy machine the last in the queue are told to come again.
      eventually(
        () => rotateWith(gatehouse, client),
        ({ status }) => status !== 503,
      ),
    ),
  );
  const refused = answers.filter(({ status }) => status !== 200);
  t.is(refused.length, 5);
  for (const answer of refused)
    assertRefused(t, answer, {
      ...{ status: 409, error: 'too_many_credentials', description: /at most 10 credentials/ },
    });
  t.is((await listOf(client.client_id)).length, 10);
});

test('what was stopped rotates nothing', async (t) => {
  const stopped = await addApplication(gatehouse);
  await committed(gatehouse, () => suspendApplication(gatehouse.db, stopped.application.id, 'x'));
  const disabled = await addApplication(gatehouse);
  await committed(gatehouse, () => disableClient(gatehouse.db, disabled.client.client_id));
  const ended = await addApplication(gatehouse);
  const [first] = await listOf(ended.client.client_id);
  await committed(gatehouse, () =>
    retireCredential(gatehouse, OPERATOR, {
      ...{ clientId: ended.client.client_id, credentialId: first?.id ?? '' },
      ...{ overlapSeconds: 0, confirmed: true },
    }),
  );
  for (const { client } of [stopped, disabled, ended]) {
    const answer = await eventually(
      () => rotateWith(gatehouse, client),
      ({ status }) => status === 401,
    );
    t.is(answer.status, 401, answer.text);
    t.is(answer.body['error'], 'invalid_client');
  }
});

test('a new secret is in no log, no trail and no table', async (t) => {
  const { client } = await addApplication(gatehouse);
  const headers = { 'Idempotency-Key': crypto.randomUUID() };
  const { body } = await rotateWith(gatehouse, client, {}, headers);
  const value = String(body['client_secret']).slice('gh_sec_'.length + 4);
  t.false((await dumpOf(gatehouse)).includes(value));
  t.false(gatehouse.log.join('\n').includes(value));
  const types = await gatehouse.db
    .knex('events')
    .whereRaw("data->>'client_id' = ?", [client.client_id])
    .pluck('type');
  t.true(types.includes('credential.created') && types.includes('credential.retired'));
});
