// The first API of a further algorithm: its key signs when every node publishes it, and not before.
import test from 'ava';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { insertApi, listApis, type SigningAlg } from '../../src/storage/apis.ts';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { addClient, authorize, eventually, redeem } from '../_protocol.ts';
import { askForToken, publishedBy, tokenOf } from './_keys.ts';

let gatehouse: Gatehouse;
test.before(async () => {
  gatehouse = await startGatehouse();
});
test.after.always(() => gatehouse?.stop());

async function addApi(alg: SigningAlg) {
  const resource = `urn:example:${alg.toLowerCase()}`;
  await insertApi(gatehouse.db, {
    name: alg,
    environment: 'production',
    resource,
    audience: resource,
    alg,
    typ: 'at+jwt',
    tokenLifetime: 600,
    claims: [],
    scopes: [{ name: `${alg}.read`, description: 'See things' }],
  });
  const api = (await listApis(gatehouse.db)).find((one) => one.resource === resource);
  if (!api) throw new Error('no API');
  return { resource, entitlements: [{ api, scopes: [`${alg}.read`] }] };
}

test('until the key may sign, a token request is told to come back', async (t) => {
  const { resource, entitlements } = await addApi('ES256');
  const client = await addClient(gatehouse, { kind: 'machine', entitlements });
  const { port } = gatehouse.config;
  const seen = new Map<number, Awaited<ReturnType<typeof askForToken>>>();
  const answer = await eventually(
    async () => {
      const each = await askForToken(gatehouse, port, client, { resource });
      // Until the news of the API has arrived, its resource is unknown.
      if (each.status !== 400 || seen.size > 0) seen.set(each.status, each);
      return each;
    },
    ({ status }) => status === 200,
  );
  const key = createLocalJWKSet(await publishedBy(gatehouse, port));
  t.is((await jwtVerify(tokenOf(answer), key)).protectedHeader.alg, 'ES256');

  t.deepEqual([...seen.keys()].toSorted(), [200, 503]);
  const early = seen.get(503);
  const body = JSON.parse(early?.text ?? '{}');
  t.is(body.error, 'temporarily_unavailable');
  t.regex(body.error_description, /^The key that signs tokens for urn:example:es256 is being publ/);
  t.is(early?.headers['retry-after'], '10');
  // The other API's key is old enough.
  const orders = await askForToken(gatehouse, port, gatehouse.client('machine'));
  t.is(orders.status, 200);
});

test('a code that came too early is not burned', async (t) => {
  const { resource, entitlements } = await addApi('Ed25519');
  const uri = 'https://portal.example.com/callback';
  const client = await addClient(gatehouse, {
    kind: 'web',
    redirectUris: [{ uri, type: 'web' }],
    entitlements,
  });
  const params = { resource, scope: 'openid Ed25519.read' };
  const code = (await authorize(gatehouse, client, params)).get('code') ?? '';
  const early = await redeem(gatehouse, client, code);
  t.deepEqual([early.status, early.body['error']], [503, 'temporarily_unavailable']);
  const answer = await eventually(
    () => redeem(gatehouse, client, code),
    ({ status }) => status !== 503,
  );
  t.is(answer.status, 200, answer.text);
});
