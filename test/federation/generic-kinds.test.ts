// Any OpenID Connect provider and any OAuth 2.0 server: what the settings can say.
import { createPublicKey } from 'node:crypto';
import test from 'ava';
import { jwtVerify } from 'jose';
import type { Refusal } from '../../src/federation/connector.ts';
import { CONNECTOR_KINDS, parseSettings } from '../../src/federation/connectors.ts';
import { openUpstream, travel } from './_trip.ts';
import { APPLE_PRIVATE_KEY } from './upstreams/_apple.ts';
import { CLIENT_ID, usesPost } from './upstreams/_authorization-server.ts';
import { EVERY_KIND, OUR_CLIENT } from './upstreams/_every-kind.ts';
import { createOAuth2, OAUTH2_SETTINGS } from './upstreams/_oauth2.ts';
import { createOidc, type OidcOptions } from './upstreams/_oidc.ts';

const ISSUER = 'https://login.example.org';

function oidc(settings: Record<string, unknown> = {}, options: OidcOptions = {}) {
  const one = EVERY_KIND['oidc']!();
  const fake = createOidc({ issuer: ISSUER, ...options });
  return { ...one, fake, settings: { ...OUR_CLIENT, issuer: ISSUER, ...settings } };
}

test('oidc: an address is believed as far as the administrator says, and only a verified one', async (t) => {
  const trustOf = async (email_trust: string | undefined, email_verified: unknown) => {
    const settings = email_trust === undefined ? {} : { email_trust };
    return (await travel('oidc', oidc(settings, { person: { email_verified } }))).emailTrust;
  };
  t.is(await trustOf(undefined, true), 'none');
  t.is(await trustOf('none', true), 'none');
  t.is(await trustOf('verified', 'true'), 'verified');
  t.is(await trustOf('authoritative', true), 'authoritative');
  t.is(await trustOf('authoritative', false), 'none');
  t.is(await trustOf('authoritative', undefined), 'none');
});

test('oidc: claims that stand in userinfo are read there, and those of somebody else refused', async (t) => {
  const shape = { idToken: () => ({ sub: 'person-1' }) };
  const settings = { email_trust: 'verified' };
  const identity = await travel('oidc', oidc(settings, { shape }));
  t.deepEqual([identity.email, identity.emailTrust], ['jo@example.org', 'verified']);
  const swapped = oidc(settings, {
    shape,
    userinfo: () => ({ sub: 'person-2', email: 'x@y.org' }),
  });
  t.is((await t.throwsAsync<Refusal>(travel('oidc', swapped))).reason, 'invalid_answer');
});

test('oidc: the flag of one source does not vouch for the address of the other', async (t) => {
  const shape = { idToken: () => ({ sub: 'person-1', email: 'victim@example.org' }) };
  const identity = await travel('oidc', oidc({ email_trust: 'verified' }, { shape }));
  t.deepEqual([identity.email, identity.emailTrust], ['victim@example.org', 'none']);
});

test('oidc: the secret travels as the upstream wants it', async (t) => {
  const settings = { token_endpoint_auth_method: 'client_secret_post' };
  const one = oidc(settings, { shape: { isClient: usesPost } });
  t.is((await travel('oidc', one)).subject, 'person-1');
});

test('oidc: a client proves itself with a key instead of a secret', async (t) => {
  const private_key = 'file:/run/secrets/oidc.pem';
  const shape: OidcOptions['shape'] = {
    async isClient(_request, body) {
      const key = createPublicKey(APPLE_PRIVATE_KEY);
      const { payload, protectedHeader } = await jwtVerify(
        body.get('client_assertion') ?? '',
        key,
        { audience: ISSUER, issuer: CLIENT_ID, subject: CLIENT_ID },
      );
      return protectedHeader.kid === 'key-1' && payload.jti !== undefined;
    },
  };
  const one = {
    ...oidc({}, { shape }),
    secrets: { [private_key]: APPLE_PRIVATE_KEY },
    settings: {
      ...{ client_id: CLIENT_ID, issuer: ISSUER, private_key, key_id: 'key-1' },
      token_endpoint_auth_method: 'private_key_jwt',
    },
  };
  t.is((await travel('oidc', one)).subject, 'person-1');
  const { private_key: _, ...withoutKey } = one.settings;
  await t.throwsAsync(travel('oidc', { ...one, settings: withoutKey }), {
    message: /private_key: private_key_jwt needs it/,
  });
});

test('oidc: a discovery document of another issuer is refused', async (t) => {
  const one = oidc({}, { metadata: { issuer: 'https://evil.example' } });
  t.is((await t.throwsAsync<Refusal>(openUpstream('oidc', one))).reason, 'invalid_answer');
});

test('oidc: the address of a discovery document is taken for its issuer, and checked like it', async (t) => {
  const settings = { issuer: `${ISSUER}/.well-known/openid-configuration` };
  t.is((await travel('oidc', oidc(settings))).issuer, ISSUER);
  const foreign = oidc(settings, { metadata: { issuer: 'https://evil.example' } });
  t.is((await t.throwsAsync<Refusal>(openUpstream('oidc', foreign))).reason, 'invalid_answer');
  const other = { ...OUR_CLIENT, issuer: `${ISSUER}/.well-known/oauth-authorization-server` };
  t.throws(() => parseSettings('oidc', other), { message: /issuer: must be the bare issuer/ });
});

test('oidc: signing out goes on there when it says where', async (t) => {
  const kind = CONNECTOR_KINDS['oidc']!;
  const end = async (metadata: Record<string, unknown>) => {
    const { upstream } = await openUpstream('oidc', oidc({}, { metadata }));
    const { configuration } = upstream;
    return kind.endSession?.(upstream, { configuration, idToken: 'an-id-token', state: 'abc' });
  };
  t.is(await end({}), undefined);
  const url = await end({ end_session_endpoint: `${ISSUER}/logout` });
  t.is(url?.origin, ISSUER);
  t.is(url?.searchParams.get('id_token_hint'), 'an-id-token');
  t.is(url?.searchParams.get('state'), 'abc');
});

function oauth2(answer: Record<string, unknown>, settings: Record<string, unknown> = {}) {
  const one = EVERY_KIND['oauth2']!();
  const fake = Object.assign(createOAuth2(), { answer });
  return { ...one, fake, settings: { ...OUR_CLIENT, ...OAUTH2_SETTINGS, claims: {}, ...settings } };
}

test('oauth2: an id is text or a whole number, at the path of the settings', async (t) => {
  t.is((await travel('oauth2', oauth2({ id: 7 }))).subject, '7');
  t.is((await travel('oauth2', oauth2({ id: '007' }))).subject, '007');
  const settings = { claims: { id: 'a.b.c' } };
  t.is((await travel('oauth2', oauth2({ a: { b: { c: 'x' } } }, settings))).subject, 'x');
});

test('oauth2: without an id there is nobody', async (t) => {
  const ids: unknown[] = [
    undefined,
    null,
    '',
    ' ',
    true,
    {},
    [],
    1.5,
    2 ** 53,
    -0.1,
    { toString: 'x' },
  ];
  for (const id of ids) {
    const refusal = await t.throwsAsync<Refusal>(travel('oauth2', oauth2({ id })));
    t.is(refusal.reason, 'invalid_answer', JSON.stringify(id));
  }
  for (const path of ['constructor.name', '__proto__.x', 'a.b', 'name.length']) {
    const one = oauth2({ a: 'text', name: 'Jo' }, { claims: { id: path } });
    t.is((await t.throwsAsync<Refusal>(travel('oauth2', one))).reason, 'invalid_answer', path);
  }
});

test('oauth2: an address is not believed unless somebody says so twice', async (t) => {
  const answer = { id: 1, email: 'jo@example.org', email_verified: true };
  t.is((await travel('oauth2', oauth2(answer))).emailTrust, 'none');
  const trusted = { email_trust: 'verified' };
  t.is((await travel('oauth2', oauth2(answer, trusted))).emailTrust, 'verified');
  const unverified = oauth2({ ...answer, email_verified: false }, trusted);
  t.is((await travel('oauth2', unverified)).emailTrust, 'none');
});

test('oauth2: an endpoint without TLS is not asked', async (t) => {
  const one = oauth2({ id: 1 }, { userinfo_endpoint: 'http://api.example.net/v1/me' });
  const refusal = await t.throwsAsync<Refusal>(travel('oauth2', one));
  t.regex(refusal.message, /only requests to HTTPS/);
});

test('settings with unknown names or a secret in clear are not taken', (t) => {
  const good = { ...OUR_CLIENT, issuer: ISSUER };
  t.notThrows(() => parseSettings('oidc', good));
  t.throws(() => parseSettings('oidc', { ...good, isuer: ISSUER }), { message: /isuer/ });
  t.throws(() => parseSettings('oidc', { ...good, client_secret: 'hunter2' }), {
    message: /must be env:GATEHOUSE_CONNECTOR_/,
  });
  for (const kind of ['google', 'github', 'facebook', 'linkedin', 'x', 'discord', 'gitlab'])
    t.throws(
      () => parseSettings(kind, { client_id: 'abc' }),
      { message: /client_secret: say/ },
      kind,
    );
});

test('no setting makes an address believed that the upstream itself calls unproven', async (t) => {
  const unproven = oauth2(
    { id: 1, email: 'victim@example.org', email_verified: 0 },
    { email_trust: 'authoritative' },
  );
  t.is((await travel('oauth2', unproven)).emailTrust, 'none');
  for (const name of ['google', 'gitlab', 'linkedin', 'discord']) {
    const one = EVERY_KIND[name]!();
    const settings = { ...one.settings, email_trust: 'authoritative' };
    const person = (one.fake as unknown as { person: Record<string, unknown> }).person;
    t.is((await travel(name, { ...one, settings })).emailTrust, 'authoritative', name);
    Object.assign(person, { email_verified: false, verified: false });
    t.is((await travel(name, { ...one, settings })).emailTrust, 'none', name);
  }
});
