// Several credentials at once: secrets and keys side by side, each with an end of its own.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { addPublicKeys, addSecret } from '../../../src/applications/credentials/add-credential.ts';
import {
  restoreCredential,
  resumeCredential,
  retireCredential,
  suspendCredential,
} from '../../../src/applications/credentials/change-credential.ts';
import { expireCredentials } from '../../../src/applications/credentials/expire-credentials.ts';
import { publishKeys } from '../../../src/applications/credentials/publish-keys.ts';
import { suspendApplication } from '../../../src/storage/applications.ts';
import { announce } from '../../../src/storage/changes.ts';
import { listCredentials } from '../../../src/storage/credentials.ts';
import { type Gatehouse, startGatehouse } from '../../_gatehouse.ts';
import { test } from '../../_one-at-a-time.ts';
import { assertRefused, eventually, post, type TestClient } from '../../_protocol.ts';
import { addApplication, committed } from '../_application.ts';
import {
  askWith,
  assertionOf,
  CREDENTIALS,
  newKey,
  OPERATOR,
  rowOf,
  withNewKey,
  withNewSecret,
} from './_credentials.ts';

let gatehouse: Gatehouse;
test.before(async () => {
  gatehouse = await startGatehouse();
});
test.after.always(() => gatehouse?.stop());

const statusIs = (wanted: number) => (answer: { status: number }) => answer.status === wanted;
/** Asks until the node knows of a change. */
const settled = (client: TestClient, status: number) =>
  eventually(() => askWith(gatehouse, client), statusIs(status));

async function askByKey(client: TestClient, key: Parameters<typeof assertionOf>[2]) {
  const assertion = await assertionOf(gatehouse, client, key);
  return post(gatehouse, '/token', { ...CREDENTIALS, ...assertion });
}

const change = (work: typeof restoreCredential, client: TestClient & { credential_id: string }) =>
  committed(gatehouse, () =>
    work(gatehouse, OPERATOR, {
      ...{ clientId: client.client_id, credentialId: client.credential_id },
    }),
  );

test('a secret and a key work side by side while the method changes, and each ends alone', async (t) => {
  const { client } = await addApplication(gatehouse);
  const second = await withNewSecret(gatehouse, client);
  const key = await withNewKey(gatehouse, client, 'k1');
  t.is((await settled(second, 200)).status, 200);
  t.is((await askWith(gatehouse, client)).status, 200);
  t.is((await askByKey(client, key)).status, 200);
  for (const { id, kind } of await listCredentials(gatehouse.db, client.client_id))
    if (kind === 'secret')
      await committed(gatehouse, () =>
        retireCredential(gatehouse, OPERATOR, {
          ...{ clientId: client.client_id, credentialId: id, overlapSeconds: 0 },
        }),
      );
  t.is((await settled(second, 401)).status, 401);
  t.is((await settled(client, 401)).status, 401);
  t.is((await askByKey(client, key)).status, 200);
});

test('a key of one client opens no other, and a kid steers nothing (T-27)', async (t) => {
  const [one, two] = [await addApplication(gatehouse), await addApplication(gatehouse)];
  const key = await withNewKey(gatehouse, one.client, 'k1');
  await withNewKey(gatehouse, two.client, 'k1');
  const works = await eventually(() => askByKey(one.client, key), statusIs(200));
  t.is(works.status, 200);
  for (const kid of ['k1', '../../dev/null', "' OR 1=1--", undefined])
    t.is((await askByKey(two.client, { ...key, kid })).status, 401, String(kid));
});

test('keys without a kid are known by their thumbprint, and the one that signed is noted', async (t) => {
  const { client } = await addApplication(gatehouse);
  const [first, second] = [
    await withNewKey(gatehouse, client),
    await withNewKey(gatehouse, client),
  ];
  t.regex(second.credential.hint, /^[\w-]{43}$/);
  const answer = await eventually(() => askByKey(client, second), statusIs(200));
  t.is(answer.status, 200);
  const used = await eventually(
    () => rowOf(gatehouse, second.credential.id),
    (row) => row.last_used_at !== null,
  );
  t.truthy(used.last_used_at);
  t.is((await rowOf(gatehouse, first.credential.id)).last_used_at, null);
});

test('an expired credential dies by time, whatever the cache holds, and is told of once', async (t) => {
  const { client } = await addApplication(gatehouse);
  const second = await withNewSecret(gatehouse, client, { expiresInDays: 1 });
  const key = await withNewKey(gatehouse, client, 'k1');
  const soon = "now() + interval '3 seconds'";
  const { knex } = gatehouse.db;
  await knex('credentials')
    .whereIn('id', [second.credential_id, key.credential.id])
    .update({ expires_at: knex.raw(soon) });
  await announce(knex, 'clients', client.client_id);
  t.is((await settled(second, 200)).status, 200);
  // Nothing is announced from here on: only the time passes.
  t.is((await settled(second, 401)).status, 401);
  t.is((await eventually(() => askByKey(client, key), statusIs(401))).status, 401);
  t.is((await askWith(gatehouse, client)).status, 200);
  for (let twice = 0; twice < 2; twice += 1) await expireCredentials(gatehouse.db);
  const told = await knex('events')
    .where({ type: 'credential.expired' })
    .whereRaw("data->>'credential_id' = ?", [second.credential_id]);
  t.is(told.length, 1);
});

test('a retired credential is brought back while it counts down, and not after', async (t) => {
  const { client } = await addApplication(gatehouse);
  const second = await withNewSecret(gatehouse, client, { expiresInDays: 30 });
  const before = await rowOf(gatehouse, second.credential_id);
  await change(retireCredential, second);
  const retired = await rowOf(gatehouse, second.credential_id);
  t.true(retired.expires_at < before.expires_at);
  t.is((await change(restoreCredential, second)).state, 'live');
  t.deepEqual((await rowOf(gatehouse, second.credential_id)).expires_at, before.expires_at);
  await t.throwsAsync(change(restoreCredential, second), { message: /nobody retired it/ });
  await committed(gatehouse, () =>
    retireCredential(gatehouse, OPERATOR, {
      ...{ clientId: client.client_id, credentialId: second.credential_id, overlapSeconds: 0 },
    }),
  );
  await t.throwsAsync(change(restoreCredential, second), { message: /it has ended/ });
  t.is((await settled(second, 401)).status, 401);
});

test('a suspended credential is refused until it is resumed', async (t) => {
  const { client } = await addApplication(gatehouse);
  const second = await withNewSecret(gatehouse, client);
  t.is((await settled(second, 200)).status, 200);
  await change(suspendCredential, second);
  assertRefused(t, await settled(second, 401), {
    ...{ status: 401, error: 'invalid_client', description: /authentication failed/ },
  });
  t.is((await askWith(gatehouse, client)).status, 200);
  await change(resumeCredential, second);
  t.is((await settled(second, 200)).status, 200);
});

test('a suspended application gets no credentials, and none back (T-25)', async (t) => {
  const { client, application } = await addApplication(gatehouse);
  const second = await withNewSecret(gatehouse, client);
  await change(retireCredential, second);
  await committed(gatehouse, () => suspendApplication(gatehouse.db, application.id, 'spam'));
  const { hashKeys } = gatehouse.registration;
  const request = { clientId: client.client_id, name: 'x' };
  const { jwk } = await newKey();
  const attempts: (() => Promise<unknown>)[] = [
    () => addSecret({ db: gatehouse.db, hashKeys }, OPERATOR, request),
    () => addPublicKeys(gatehouse, OPERATOR, { ...request, jwks: { keys: [jwk] } }),
    () =>
      restoreCredential(gatehouse, OPERATOR, {
        ...{ clientId: client.client_id, credentialId: second.credential_id },
      }),
  ];
  for (const attempt of attempts)
    await t.throwsAsync(committed(gatehouse, attempt), { code: 'client_stopped' });
  t.is((await listCredentials(gatehouse.db, client.client_id)).length, 2);
});

test('the last one that works is retired only when that is meant', async (t) => {
  const { client } = await addApplication(gatehouse);
  const [only] = await listCredentials(gatehouse.db, client.client_id);
  const which = { clientId: client.client_id, credentialId: only?.id ?? '' };
  const retire = (confirmed: boolean) =>
    committed(gatehouse, () => retireCredential(gatehouse, OPERATOR, { ...which, confirmed }));
  await t.throwsAsync(retire(false), { code: 'last_credential' });
  t.is((await retire(true)).state, 'retiring');
});

test('keys that will not do are refused', async (t) => {
  const { client } = await addApplication(gatehouse);
  const { jwk, privateKey } = await newKey('k1');
  const exported = await crypto.subtle.exportKey('jwk', privateKey);
  const add = (keys: Record<string, unknown>[]) =>
    committed(gatehouse, () =>
      addPublicKeys(gatehouse, OPERATOR, {
        ...{ clientId: client.client_id, name: 'x', jwks: { keys } },
      }),
    );
  await t.throwsAsync(add([]), { message: /at least one/ });
  await t.throwsAsync(add([{ ...exported, kid: 'k1' }]), { message: /private/ });
  await t.throwsAsync(add([{ kty: 'oct', k: 'c2VjcmV0' }]), { message: /symmetric/ });
  await t.throwsAsync(add([jwk, jwk]), { message: /one kid/ });
  await add([jwk]);
  await t.throwsAsync(add([jwk]), { message: /kid k1 already/ });
});

test('keys at a jwks_uri work, and rotate there', async (t) => {
  const { client } = await addApplication(gatehouse);
  const [first, second, stored] = [await newKey('p1'), await newKey('p2'), await newKey('s1')];
  let published = [first.jwk];
  const site = createServer((_req, res) => {
    res.setHeader('Content-Type', 'application/json').setHeader('Cache-Control', 'max-age=86400');
    res.end(JSON.stringify({ keys: published }));
  });
  await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(site.address() as AddressInfo).port}/keys`;
  const publish = (to: string | undefined) =>
    committed(gatehouse, () =>
      publishKeys({ db: gatehouse.db, fetchKeys: fetch }, OPERATOR, {
        ...{ clientId: client.client_id, url: to },
      }),
    );
  try {
    await publish(url);
    await committed(gatehouse, () =>
      addPublicKeys(gatehouse, OPERATOR, {
        ...{ clientId: client.client_id, name: 'stored', jwks: { keys: [stored.jwk] } },
      }),
    );
    t.is((await eventually(() => askByKey(client, first), statusIs(200))).status, 200);
    t.is((await eventually(() => askByKey(client, stored), statusIs(200))).status, 200);
    t.is((await askWith(gatehouse, client)).status, 200);
    published = [second.jwk];
    // What five minutes do: the node reads the keys anew.
    await announce(gatehouse.db.knex, 'clients', client.client_id);
    t.is((await eventually(() => askByKey(client, second), statusIs(200))).status, 200);
    t.is((await askByKey(client, first)).status, 401);
    await publish(undefined);
    t.is((await eventually(() => askByKey(client, second), statusIs(401))).status, 401);
    await t.throwsAsync(publish(`${url}#x`), { message: /must be an https URL/ });
    published = [];
    await t.throwsAsync(publish(url), { message: /at least one public key/ });
  } finally {
    site.closeAllConnections();
    site.close();
  }
});
