// Settings of connectors as the command line reads them, and what it says of those that are wrong.
import test from 'ava';
import { assignSettings } from '../../src/cli/connectors/read-settings.ts';
import { UsageError } from '../../src/errors.ts';
import { expectValid } from '../../src/federation/management/manage-connectors.ts';

test('a value is text where text fits, else JSON, else a list', (t) => {
  const assigned = assignSettings('oidc', { linking: 'never', key_id: 'old' }, [
    ...['client_id=0042', 'issuer=https://id.example/?a=b', 'private_network=true', 'key_id='],
    ...['allowed_domains=a.example, b.example', 'scopes=["openid","a b"]', 'linking=auto'],
    ...['attributes.email=always', 'attributes.given_name=never', 'groups.a/b.c=x=y', 'roles={}'],
  ]);
  t.deepEqual(assigned, {
    client_id: '0042',
    issuer: 'https://id.example/?a=b',
    private_network: true,
    allowed_domains: ['a.example', 'b.example'],
    scopes: ['openid', 'a b'],
    linking: 'auto',
    attributes: { email: 'always', given_name: 'never' },
    groups: { 'a/b.c': 'x=y' },
    roles: {},
  });
  const taken = assignSettings('oidc', assigned, ['groups.a/b.c=', 'attributes.email=']);
  t.deepEqual(taken['groups'], {});
  t.deepEqual(taken['attributes'], { given_name: 'never' });
});

test('what is no assignment is refused', (t) => {
  for (const text of ['nonsense', '=x', 'A=b', 'a b=c', ''])
    t.throws(() => assignSettings('oidc', {}, [text]), { instanceOf: UsageError }, text);
});

const settings = { client_id: '1', client_secret: 'env:GATEHOUSE_CONNECTOR_ACME' };
const right = { id: 'acme', kind: 'google', name: 'Acme', settings };
const WRONG: [Record<string, unknown>, RegExp][] = [
  ...['A', '1x', '-a', 'a_b', 'a/b', 'a.b', `a${'b'.repeat(41)}`, '', 'é', 'a\n'].map(
    (id): [Record<string, unknown>, RegExp] => [{ id }, /^The id of a connector must have 1 to 41/],
  ),
  ...['', ' ', ' a', 'a\nb', 'a'.repeat(61)].map((name): [Record<string, unknown>, RegExp] => [
    { name },
    /^The name of a connector must have/,
  ]),
  ...['myspace', 'toString', '__proto__', ''].map((kind): [Record<string, unknown>, RegExp] => [
    { kind },
    /There is no kind of connector/,
  ]),
  [{ settings: {} }, /client_id: is missing\.$/],
  [{ settings: { ...settings, colour: 'red' } }, /nrecognized key: "colour"/],
  [{ settings: assignSettings('google', right.settings, ['__proto__=1']) }, /__proto__/],
  [{ settings: { ...settings, store_tokens: 'perhaps' } }, /store_tokens: /],
  [{ settings: { ...settings, allowed_domains: ['localhost'] } }, /domain such as example/],
  [{ settings: { ...settings, client_secret: 'env:DATABASE_URL' } }, /must be env:GATEHOUSE_/],
  [{ kind: 'oidc' }, /issuer: is missing\.$/],
  [{ kind: 'oidc', settings: { ...settings, issuer: 'ftp://x' } }, /issuer: /],
];
test('what is wrong with a connector is said in one line', (t) => {
  t.notThrows(() => expectValid(right));
  t.notThrows(() => expectValid({ ...right, id: 'x' }));
  for (const [change, sentence] of WRONG) {
    const error = t.throws(() => expectValid({ ...right, ...change }), {
      instanceOf: UsageError,
      message: sentence,
    });
    t.is(error?.problems.length, 1);
  }
});
