// T-14, T-26: what nobody can register as a redirect URI, an origin, a name or a key.
import test from 'ava';
import { AppError } from '../../src/errors.ts';
import { redirectUriProblem } from '../../src/oidc/redirect-uri-policy.ts';
import { type ClientRequest, registerClient } from '../../src/oidc/register-client.ts';
import type { RedirectUriType } from '../../src/storage/clients.ts';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { clientRequest } from './_clients.ts';

let gatehouse: Gatehouse;
test.before(async () => {
  gatehouse = await startGatehouse();
});
test.after.always(() => gatehouse?.stop());

/** Asserts that a request is refused by a 400 with a sentence, and that nothing was stored. */
async function refusal(request: Partial<ClientRequest>): Promise<string> {
  const error = await registerClient(gatehouse.registration, clientRequest(request)).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof AppError) || error.status !== 400)
    throw new Error(`not refused: ${JSON.stringify(request)} ${error}`);
  return error.message;
}

const count = async () => Number((await gatehouse.db.knex('clients').count())[0]?.['count']);

const NEVER: string[] = [
  'javascript:alert(1)',
  'JaVaScRiPt:alert(1)',
  'javascript://app.test/%0aalert(1)',
  'java\tscript:alert(1)',
  ' javascript:alert(1)',
  '\u0001javascript:alert(1)',
  'data:text/html,<script>alert(1)</script>',
  'DATA:text/html;base64,PHNjcmlwdD4=',
  'vbscript:msgbox(1)',
  'VbScript:msgbox(1)',
  'file:///etc/passwd',
  'blob:https://app.test/1',
  'about:blank',
  'view-source:https://app.test/',
  'filesystem:https://app.test/',
  'intent://app.test/#Intent;end',
  'ftp://app.test/cb',
  'ws://app.test/cb',
  'mailto:a@app.test',
  'urn:ietf:wg:oauth:2.0:oob',
  'x:cb',
  'http:cb',
  '',
  'cb',
  '/cb',
  '//evil.test/cb',
  '//evil',
  '\\\\evil.test\\cb',
  '*',
  'https://*',
  'https://*.app.test/cb',
  'https://app.test/*',
  'https://app.test/cb?*',
  'http://app.test/cb',
  'http://app.test:80/cb',
  'http://127.0.0.1.app.test/cb',
  'http://localhost.app.test/cb',
  'http://localhost@app.test/cb',
  'http://127.0.0.2/cb',
  'http://0.0.0.0/cb',
  'http://[::]/cb',
  'http://10.0.0.1/cb',
  'http://169.254.169.254/latest/meta-data',
  'https://1.2.3.4/cb',
  'https://0x01020304/cb',
  'https://16909060/cb',
  'https://1.2.3/cb',
  'https://[2001:db8::1]/cb',
  'https://[::ffff:127.0.0.1]/cb',
  'https://[fe80::1%25eth0]/cb',
  'https://user@app.test/cb',
  'https://user:password@app.test/cb',
  'https://@app.test/cb',
  'https://:@app.test/cb',
  'https://app.test@evil.test/cb',
  'https://app.test/cb#',
  'https://app.test/cb#fragment',
  'https://app.test/#/cb',
  ' https://app.test/cb',
  'https://app.test/cb ',
  'https://app.test/c b',
  'https://app.test/cb\t',
  'https://app.test/cb\n',
  'https://app.test/cb\r\nX: y',
  'https://app.test/cb\0',
  'https://app.test/cb\u007f',
  'https://app.test/cb\u202e',
  'https://app.test/\ud800',
  'https://аpp.test/cb',
  'https://bücher.test/cb',
  'https://app\u3002test/cb',
  'https://app.test\\cb',
  'https://app.test\\@evil.test/cb',
  'https://app.test/..%2f',
  'https://app.test/%2e%2e/cb',
  'https://app.test/%2E%2E%2Fcb',
  'https://app.test/a%5ccb',
  'https://app.test/a/../cb',
  'https://app.test/./cb',
  'https://app.test/cb/..',
  'https://app.test/cb/.',
  'https://app.test/cb/..;/',
  'https://app.test/cb;x=1',
  'https://app.test//evil.test',
  'https://app.test//cb',
  'https:/app.test/cb',
  'https:app.test/cb',
  'https:///app.test/cb',
  'HTTPS://app.test/cb',
  'https://APP.test/cb',
  'https://app.test:443/cb',
  'https://app.test:/cb',
  'https://app.test:99999/cb',
  'https://%61pp.test/cb',
  'https://app.test%2fevil/cb',
  'https://app.test./cb',
  'https://localhost/cb"onload="x',
  'https://app.test/cb"><script>',
  'https://app.test/cb;https://evil.test',
  'https://app.test/cb,https://evil.test',
  'https://app.test/{tenant}/cb',
  'https://app.test/cb`',
  'https://app.test/cb|',
  'https://app.test/cb^',
  'https://',
  'https://?',
  'https://.',
  'https://-/cb\\',
];

for (const kind of ['web', 'spa', 'native'] as const) {
  test(`T-14 no dangerous URI is a redirect URI of a ${kind} client`, async (t) => {
    const before = await count();
    for (const uri of NEVER) {
      const message = await refusal({ kind, redirectUris: [{ uri, type: kind }] }).catch((error) =>
        t.fail(`${JSON.stringify(uri)}: ${error.message}`),
      );
      t.regex(String(message), /\b(must|needs|name)\b/, uri);
    }
    t.is(await count(), before);
  });
}

test('T-14 one bad URI among good ones refuses the client', async (t) => {
  const good = { uri: 'https://app.test/cb', type: 'web' as const };
  const bad = { uri: 'JaVaScRiPt:alert(1)', type: 'web' as const };
  for (const redirectUris of [[good, bad], [bad, good]])
    t.regex(await refusal({ redirectUris }), /must/);
});

test('T-14 no dangerous URI is a post-logout redirect URI', async (t) => {
  const redirectUris = [{ uri: 'https://app.test/cb', type: 'web' as const }];
  for (const uri of NEVER) {
    const message = await refusal({ redirectUris, postLogoutRedirectUris: [uri] }).catch((error) =>
      t.fail(`${JSON.stringify(uri)}: ${error.message}`),
    );
    t.regex(String(message), /\bmust\b/, uri);
  }
});

test('T-14 a private-use scheme is for native clients and names a domain', async (t) => {
  const problem = (uri: string, type: RedirectUriType) => redirectUriProblem(uri, type);
  t.is(problem('com.example.app:/cb', 'native'), undefined);
  for (const type of ['web', 'spa'] as const) t.truthy(problem('com.example.app:/cb', type));
  for (const uri of [
    'myapp:/cb',
    'app:/cb',
    'com.example.app:/cb#x',
    'com.example.app:/..//evil',
    'com.example.app://user:password@evil/cb',
    'com.example.app:javascript:alert(1)',
    'com.example.app:',
    'com..app:/cb',
    '.app:/cb',
  ])
    t.truthy(problem(uri, 'native'), uri);
});

test('T-14 loopback over http is normal text, too', async (t) => {
  for (const uri of [
    'http://127.0.0.1/cb',
    'http://[::1]:8080/cb',
    'http://localhost:3000/cb',
    'https://app.test/cb?a=b',
  ])
    t.is(redirectUriProblem(uri, 'web'), undefined, uri);
  for (const uri of [
    'http://127.1/cb',
    'http://2130706433/cb',
    'http://0x7f.1/cb',
    'http://LOCALHOST/cb',
    'http://127.0.0.1/../evil',
    'http://127.0.0.1//evil.test',
    'http://127.0.0.1/%2e%2e/',
    'http://[0:0:0:0:0:0:0:1]/cb',
  ])
    t.truthy(redirectUriProblem(uri, 'web'), uri);
});

test('T-26 a type that does not fit the kind is refused', async (t) => {
  const uri = 'https://app.test/cb';
  t.regex(await refusal({ kind: 'web', redirectUris: [{ uri, type: 'spa' }] }), /type/);
  t.regex(await refusal({ kind: 'spa', redirectUris: [{ uri, type: 'web' }] }), /type/);
  t.regex(await refusal({ kind: 'web', redirectUris: [{ uri, type: 'native' }] }), /type/);
  t.regex(await refusal({ kind: 'mixed', redirectUris: [{ uri, type: 'native' }] }), /type/);
  t.regex(await refusal({ kind: 'machine', redirectUris: [{ uri, type: 'web' }] }), /no redirect/);
  t.regex(await refusal({ kind: 'web', redirectUris: [] }), /at least one/);
});

test('T-26 the same URI cannot be registered with a secret and without', async (t) => {
  const uri = 'https://app.test/cb';
  const redirectUris = [
    { uri, type: 'web' as const },
    { uri, type: 'spa' as const },
  ];
  t.regex(await refusal({ kind: 'mixed', redirectUris }), /twice|both|once|unique|duplicate/i);
});

test('T-14 no dangerous origin may call across origins', async (t) => {
  const redirectUris = [{ uri: 'https://app.test/cb', type: 'spa' as const }];
  for (const origin of [
    '*',
    'null',
    '',
    'https://*',
    'https://*.app.test',
    'https://app.test/',
    'https://app.test/path',
    'https://user@app.test',
    'https://APP.test',
    'https://app.test:443',
    'http://app.test',
    'http://127.0.0.1.app.test',
    'app.test',
    'javascript:alert(1)',
    'data:',
    'file://',
    'chrome-extension://abc',
    'https://app.test, https://evil.test',
    'https://app.test\r\nX: y',
    'https://аpp.test',
  ])
    t.regex(await refusal({ kind: 'spa', redirectUris, allowedCorsOrigins: [origin] }), /must/, origin);
});

test('T-48 a name cannot hold what hides or turns text', async (t) => {
  const redirectUris = [{ uri: 'https://app.test/cb', type: 'web' as const }];
  for (const name of [
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
    'a\u{e0041}b',
    'a\ud800b',
    'x'.repeat(101),
  ])
    t.regex(await refusal({ name, redirectUris }), /name/, JSON.stringify(name));
});

test('T-27 no private, symmetric or empty key can be registered', async (t) => {
  const keys: Record<string, unknown>[][] = [
    [],
    [{ kty: 'oct', k: 'c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0', alg: 'HS256' }],
    [{ kty: 'EC', crv: 'P-256', x: 'x', y: 'y' }],
    [{ kty: 'RSA', n: 'AQAB', e: 'AQAB' }],
    [{ kty: 'none' }],
    [{}],
    [gatehouse.client('machine-jwt').private_jwk ?? {}],
  ];
  for (const set of keys)
    t.truthy(await refusal({ kind: 'machine', jwks: { keys: set } }), JSON.stringify(set));
});
