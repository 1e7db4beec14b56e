// T-14, T-26: what nobody can register as a redirect URI, an origin, a name or a key.
import test from 'ava';
import { redirectUriProblem } from '../../src/applications/registration/redirect-uri-policy.ts';
import {
  type ClientRequest,
  registerClient,
} from '../../src/applications/registration/register-client.ts';
import { AppError } from '../../src/errors.ts';
import type { RedirectUriType } from '../../src/storage/clients.ts';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { clientRequest } from './_clients.ts';
import { NEVER } from './_dangerous-uris.ts';

let gatehouse: Gatehouse;
test.before(async () => {
  gatehouse = await startGatehouse();
});
test.after.always(() => gatehouse?.stop());

/** The sentence that refuses a request (a 400), or what else happened. */
async function outcome(request: Partial<ClientRequest>): Promise<string> {
  return registerClient(gatehouse.registration, clientRequest(request)).then(
    () => 'accepted',
    (error: unknown) =>
      error instanceof AppError && error.status === 400 ? error.message : `failed: ${error}`,
  );
}

/** Those of `values` that are not refused with a sentence of that pattern. */
async function notRefused<T>(
  values: T[],
  pattern: RegExp,
  request: (value: T) => Partial<ClientRequest>,
): Promise<[T, string][]> {
  const found: [T, string][] = [];
  for (const value of values) {
    const sentence = await outcome(request(value));
    if (/^(accepted$|failed:)/.test(sentence) || !pattern.test(sentence))
      found.push([value, sentence]);
  }
  return found;
}

const web = { redirectUris: [{ uri: 'https://app.test/cb', type: 'web' as const }] };

for (const kind of ['web', 'spa', 'native'] as const) {
  test(`T-14 no dangerous URI is a redirect URI of a ${kind} client`, async (t) => {
    const found = await notRefused(NEVER, /\b(must|absolute)\b/, (uri) => ({
      kind,
      redirectUris: [{ uri, type: kind }],
    }));
    t.deepEqual(found, []);
  });
}

test('T-14 no dangerous URI is a post-logout redirect URI', async (t) => {
  const request = (uri: string) => ({ ...web, postLogoutRedirectUris: [uri] });
  t.deepEqual(await notRefused(NEVER, /\bmust\b/, request), []);
});

test('T-14 one bad URI among good ones refuses the client', async (t) => {
  const good = { uri: 'https://app.test/cb', type: 'web' as const };
  const bad = { uri: 'JaVaScRiPt:alert(1)', type: 'web' as const };
  const sets = [
    [good, bad],
    [bad, good],
  ];
  t.deepEqual(await notRefused(sets, /must/, (redirectUris) => ({ redirectUris })), []);
});

test('T-14 a URI is registered in its normal form only', (t) => {
  const others = [
    'https://app.test:443/cb',
    'https://app.test:0443/cb',
    'https://app.test./cb',
    'http://127.1/cb',
    'http://2130706433/cb',
    'http://0x7f.1/cb',
    'http://LOCALHOST/cb',
    'http://127.0.0.1:80/cb',
    'http://127.0.0.1/../evil',
    'http://127.0.0.1//evil.test',
    'http://127.0.0.1/%2e%2e/',
    'http://[0:0:0:0:0:0:0:1]/cb',
  ];
  t.deepEqual(
    others.filter((uri) => redirectUriProblem(uri, 'web') === undefined),
    [],
  );
  const good = ['http://127.0.0.1/cb', 'http://[::1]:8080/cb', 'https://app.test/cb?a=b'];
  for (const uri of good) t.is(redirectUriProblem(uri, 'web'), undefined, uri);
});

test('T-14 a private-use scheme is for native clients and names a domain', (t) => {
  t.is(redirectUriProblem('com.example.app:/cb', 'native'), undefined);
  for (const type of ['web', 'spa'] as const)
    t.truthy(redirectUriProblem('com.example.app:/cb', type));
  const others = [
    'myapp:/cb',
    'com.example.app:/cb#x',
    'com.example.app:/../evil',
    'com.example.app://user:password@evil/cb',
    'com.example.app:javascript:alert(1)',
    'com..app:/cb',
    '.app:/cb',
  ];
  t.deepEqual(
    others.filter((uri) => redirectUriProblem(uri, 'native') === undefined),
    [],
  );
});

test('T-26 a type that does not fit the kind is refused', async (t) => {
  const types: [ClientRequest['kind'], RedirectUriType][] = [
    ['web', 'spa'],
    ['web', 'native'],
    ['spa', 'web'],
    ['native', 'web'],
    ['mixed', 'native'],
    ['machine', 'web'],
    ['resource-server', 'web'],
  ];
  const request = ([kind, type]: [ClientRequest['kind'], RedirectUriType]) => ({
    kind,
    redirectUris: [{ uri: 'https://app.test/cb', type }],
  });
  t.deepEqual(await notRefused(types, /type|no redirect/, request), []);
  t.regex(await outcome({ kind: 'web', redirectUris: [] }), /at least one/);
});

test('T-26 one URI cannot be registered with a secret and without', async (t) => {
  const uri = 'https://app.test/cb';
  const redirectUris: ClientRequest['redirectUris'] = [
    { uri, type: 'web' },
    { uri, type: 'spa' },
  ];
  t.not(await outcome({ kind: 'mixed', redirectUris }), 'accepted');
});

test('T-14 no dangerous origin may call across origins', async (t) => {
  const origins = [
    '*',
    'null',
    '',
    'https://*',
    'https://*.app.test',
    'https://app.test/',
    'https://user@app.test',
    'https://APP.test',
    'https://app.test:443',
    'http://app.test',
    'http://127.0.0.1.app.test',
    'app.test',
    'javascript:alert(1)',
    'data:',
    'file://',
    'ftp://app.test',
    'ws://app.test',
    'chrome-extension://abc',
    'https://app.test, https://evil.test',
    'https://app.test\r\nX: y',
    'https://аpp.test',
  ];
  const request = (origin: string): Partial<ClientRequest> => ({
    kind: 'spa',
    redirectUris: [{ uri: 'https://app.test/cb', type: 'spa' }],
    allowedCorsOrigins: [origin],
  });
  t.deepEqual(await notRefused(origins, /must/, request), []);
});

test('T-48 a name cannot hold what hides or turns text', async (t) => {
  const names = [
    '',
    '   ',
    'a\0b',
    'a\nb',
    'a\tb',
    'a\u007fb',
    'a\u0085b',
    'a\u200bb',
    'a\u202eb',
    'a\u2066b',
    'a\ufeffb',
    'a\u2028b',
    'a\u2029b',
    'a\u{e0041}b',
    'a\ud800b',
    'x'.repeat(101),
  ];
  t.deepEqual(await notRefused(names, /name/, (name) => ({ ...web, name })), []);
});

test('T-27 no private, symmetric, broken or empty key set can be registered', async (t) => {
  const sets: Record<string, unknown>[][] = [
    [],
    [{ kty: 'oct', k: 'c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0', alg: 'HS256' }],
    [{ kty: 'EC', crv: 'P-256', x: 'x', y: 'y' }],
    [{ kty: 'RSA', n: 'AQAB', e: 'AQAB' }],
    [{ kty: 'none' }],
    [{}],
    [gatehouse.client('machine-jwt').private_jwk ?? {}],
  ];
  const request = (keys: Record<string, unknown>[]): Partial<ClientRequest> => ({
    kind: 'machine',
    jwks: { keys },
  });
  t.deepEqual(await notRefused(sets, /key/i, request), []);
});
