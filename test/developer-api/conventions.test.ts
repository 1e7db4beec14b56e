// What every answer of the developer's API has in common, and what its document says of it.
import test from 'ava';
import { z } from 'zod';
import { ENDPOINTS } from '../../src/developer-api/endpoints.ts';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { type Answer, send } from '../_protocol.ts';
import { ALL_SCOPES, addProduct, type Developer, developer, resourceOf } from './_developer.ts';
import { type ApiDocument, operationsOf, readDocument, type Schema } from './_document.ts';

let gatehouse: Gatehouse;
let dev: Developer;
let document: ApiDocument;
test.before(async () => {
  gatehouse = await startGatehouse();
  await addProduct(gatehouse, 'Orders');
  dev = await developer(gatehouse, gatehouse.accounts[1]);
  document = await readDocument(gatehouse);
});
test.after.always(() => gatehouse?.stop());

test('every route is in the document, and the reverse', async (t) => {
  t.is(document.openapi, '3.1.0');
  t.deepEqual(document.servers, [{ url: resourceOf(gatehouse) }]);
  const operations = operationsOf(document).filter(({ scope }) => scope);
  const described = operations.map(({ method, path }) => `${method} ${path}`).toSorted();
  t.deepEqual(described, ENDPOINTS.map(({ method, path }) => `${method} ${path}`).toSorted());
  t.is(new Set(operations.map(({ name }) => name)).size, operations.length);
  // And it is the router that answers them: with a method that is none of theirs, it says which are.
  for (const { method, path } of operations) {
    const answer = await dev.call('PUT', path.replace(/\{\w+\}/g, 'x'));
    t.is(answer.status, 405, path);
    t.true(answer.headers.get('Allow')?.split(', ').includes(method), `${method} ${path}`);
  }
});

test('answers are what the document says', async (t) => {
  const request = { kind: 'web', name: 'Shop', redirect_uris: ['https://shop.example.com/back'] };
  const created = await dev.call('POST', '/me/applications', request);
  const { id } = created.body as { id: string };
  const checks: [string, number, Answer][] = [
    ['createApplication', 201, created],
    ['getApplication', 200, await dev.call('GET', `/me/applications/${id}`)],
    ['listCredentials', 200, await dev.call('GET', `/me/applications/${id}/credentials`)],
    ['listSubscriptions', 200, await dev.call('GET', `/me/applications/${id}/subscriptions`)],
    ['listProducts', 200, await dev.call('GET', '/products')],
    ['getMe', 200, await dev.call('GET', '/me')],
  ];
  for (const [name, status, { status: actual, body, text }] of checks) {
    t.is(actual, status, text);
    const schema = schemaOf(name, status);
    t.notThrows(() => schema.parse(body), `${name}: ${text}`);
    t.throws(() => schema.parse({ ...body, more: 1 }), undefined, `${name} is strict`);
  }
});

// The document's own schemas, with what they refer to.
function schemaOf(name: string, status: number): z.ZodType {
  const operation = operationsOf(document).find((one) => one.name === name);
  const schema = operation?.answers[status]?.content?.['application/json'].schema;
  const text = JSON.stringify({ ...schema, $defs: document.components.schemas });
  return z.fromJSONSchema(JSON.parse(text.replaceAll('#/components/schemas/', '#/$defs/')));
}

test('errors are JSON of one shape, whatever the caller would like to see', async (t) => {
  const problem = document.components.schemas['Problem'] as Schema;
  const html = { Accept: 'text/html' };
  const answers: [number, Answer][] = [
    [401, await send(`${resourceOf(gatehouse)}/me`, { headers: html })],
    [404, await dev.call('GET', '/nowhere', undefined, html)],
    [404, await dev.call('GET', '/products/prd_0', undefined, html)],
    [405, await dev.call('DELETE', '/products', undefined, html)],
    [400, await dev.call('GET', '/products?limit=1000')],
    [400, await dev.call('GET', '/products?limit=1&limit=2')],
    [400, await dev.call('GET', '/products?cursor=!')],
    [400, await dev.call('GET', '/products?owner=me')],
    [400, await dev.call('POST', '/me/applications', { kind: 'machine' })],
    [400, await dev.call('POST', '/me/applications', [1])],
    [400, await dev.call('POST', '/me/applications', { kind: 'machine', name: 'a\u0000b' })],
    [415, await dev.call('POST', '/me/applications', {}, { 'Content-Type': 'text/plain' })],
    [415, await dev.call('POST', '/me/applications', {}, { 'Content-Encoding': 'gzip' })],
    [413, await dev.call('POST', '/me/applications', { name: 'x'.repeat(70_000) })],
  ];
  for (const [status, { status: actual, body, headers, text }] of answers) {
    t.is(actual, status, text);
    t.deepEqual(Object.keys(body).toSorted(), Object.keys(problem.properties ?? {}).toSorted());
    t.is(headers.get('Cache-Control'), 'no-store');
    t.is(headers.get('Content-Security-Policy'), "default-src 'none'; frame-ancestors 'none'");
  }
});

test('any page may ask, and none is answered without a token in the header', async (t) => {
  const preflight = await send(`${resourceOf(gatehouse)}/me/applications`, {
    method: 'OPTIONS',
    headers: { Origin: 'https://portal.example', 'Access-Control-Request-Method': 'POST' },
  });
  t.is(preflight.status, 204);
  t.is(preflight.headers.get('Access-Control-Allow-Origin'), '*');
  t.is(preflight.headers.get('Access-Control-Allow-Credentials'), null);
  t.regex(preflight.headers.get('Access-Control-Allow-Methods') ?? '', /POST/);
  t.regex(preflight.headers.get('Access-Control-Allow-Headers') ?? '', /Idempotency-Key/);
  const address = `${resourceOf(gatehouse)}/me`;
  const cookies = { Cookie: `gatehouse_session=${dev.token}; access_token=${dev.token}` };
  for (const answer of [
    await send(address, { headers: cookies }),
    await send(`${address}?access_token=${dev.token}`),
    await send(address, { headers: { Authorization: `Basic ${btoa(`x:${dev.token}`)}` } }),
  ]) {
    t.is(answer.status, 401);
    t.is(answer.headers.get('Access-Control-Allow-Origin'), '*');
    t.is(answer.headers.get('Set-Cookie'), null);
  }
});

test('a list is read page by page', async (t) => {
  const names = ['Alpha', 'beta', 'Gamma', 'delta'];
  for (const name of names) await addProduct(gatehouse, `Page ${name}`);
  const read: string[] = [];
  let cursor = '';
  for (let pages = 0; pages < 4 && cursor !== 'end'; pages += 1) {
    const more = cursor ? `&cursor=${cursor}` : '';
    const { body } = await dev.call('GET', `/products?search=page&limit=2${more}`);
    const page = body as { data: { name: string }[]; next_cursor: string | null };
    read.push(...page.data.map(({ name }) => name));
    cursor = page.next_cursor ?? 'end';
  }
  t.deepEqual(read, ['Page Alpha', 'Page beta', 'Page delta', 'Page Gamma']);
});

test('a client gets no more than what it was given', async (t) => {
  const narrow = await developer(gatehouse, gatehouse.accounts[1], 'products:read');
  t.is((await narrow.call('GET', '/products')).status, 200);
  t.is((await narrow.call('GET', '/me')).status, 403);
  const { body } = await dev.call('GET', '/me');
  t.deepEqual((body['scopes'] as string[]).toSorted(), ALL_SCOPES.split(' ').toSorted());
});
