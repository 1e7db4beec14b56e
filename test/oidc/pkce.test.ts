// RFC 7636, RFC 9700 section 2.1.1: S256 for everybody, and what the refusals say.

import { createAgent } from '../_agent.ts';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { test } from '../_one-at-a-time.ts';
import {
  addClient,
  assertRefused,
  assertRefusedByRedirect,
  authorize,
  authorizeUrl,
  CHALLENGE,
  type Params,
  redeem,
  type TestClient,
} from '../_protocol.ts';

const WITHOUT_PKCE: Params = { code_challenge: undefined, code_challenge_method: undefined };

let gatehouse: Gatehouse;
test.before(async () => {
  gatehouse = await startGatehouse();
});
test.after.always(() => gatehouse?.stop());

const badRequests: { title: string; params: Params; description: RegExp }[] = [
  {
    title: 'without a code_challenge',
    params: WITHOUT_PKCE,
    description: /PKCE is required: .*code_challenge_method=S256/,
  },
  {
    title: 'with the method plain',
    params: { code_challenge_method: 'plain' },
    description: /code_challenge_method must be S256/,
  },
  {
    title: 'with an unknown method',
    params: { code_challenge_method: 's256' },
    description: /code_challenge_method must be S256/,
  },
  {
    title: 'with a code_challenge but no method',
    params: { code_challenge_method: undefined },
    description: /code_challenge_method must be S256/,
  },
  {
    title: 'with a method but no code_challenge',
    params: { code_challenge: undefined },
    description: /code_challenge/,
  },
  {
    title: 'with a code_challenge that is too short',
    params: { code_challenge: CHALLENGE.slice(1) },
    description: /code_challenge.*43/,
  },
];
for (const kind of ['web', 'spa', 'native', 'third-party']) {
  for (const { title, params, description } of badRequests) {
    test(`an authorization request of a ${kind} client ${title} is refused`, async (t) => {
      const client = gatehouse.client(kind);
      const url = authorizeUrl(gatehouse, client, { ...params, state: 'kept' });
      assertRefusedByRedirect(t, await createAgent(gatehouse.issuer).get(url), {
        issuer: gatehouse.issuer,
        uri: client.redirect_uris[0] ?? '',
        error: 'invalid_request',
        description,
        state: 'kept',
      });
    });
  }
}

const badVerifiers: { title: string; verifier: string | undefined; error: string; says: RegExp }[] =
  [
    {
      title: 'without a code_verifier',
      verifier: undefined,
      error: 'invalid_grant',
      says: /code_verifier is missing.*S256/,
    },
    {
      title: 'with the challenge in place of the verifier',
      verifier: CHALLENGE,
      error: 'invalid_grant',
      says: /code_verifier does not match .*S256/,
    },
    {
      title: 'with a code_verifier that is too short',
      verifier: 'short',
      error: 'invalid_request',
      says: /code_verifier.*43/,
    },
    {
      title: 'with a code_verifier of forbidden characters',
      verifier: '+/'.repeat(22),
      error: 'invalid_request',
      says: /code_verifier/,
    },
  ];
for (const { title, verifier, error, says } of badVerifiers) {
  test(`an exchange ${title} is refused and does not burn the code`, async (t) => {
    const spa = gatehouse.client('spa');
    const code = (await authorize(gatehouse, spa)).get('code') ?? '';
    const answer = await redeem(gatehouse, spa, code, { code_verifier: verifier });
    assertRefused(t, answer, { error, description: says });
    t.is((await redeem(gatehouse, spa, code)).status, 200);
  });
}

// The redirect URIs of the console are typed: the first is `web`, the second `spa`.
const webFace = (): TestClient => gatehouse.client('console');
const spaRedirect = () => gatehouse.client('console').redirect_uris[1] ?? '';

test('a mixed client may leave out PKCE at its web redirect URI, where its secret is asked', async (t) => {
  const code = (await authorize(gatehouse, webFace(), WITHOUT_PKCE)).get('code') ?? '';
  const answer = await redeem(gatehouse, webFace(), code, { code_verifier: undefined });
  t.is(answer.status, 200, answer.text);
});

test('a mixed client needs PKCE at its spa redirect URI', async (t) => {
  const url = authorizeUrl(gatehouse, webFace(), { ...WITHOUT_PKCE, redirect_uri: spaRedirect() });
  assertRefusedByRedirect(t, await createAgent(gatehouse.issuer).get(url), {
    issuer: gatehouse.issuer,
    uri: spaRedirect(),
    error: 'invalid_request',
    description: /PKCE is required: .*S256/,
  });
});

test('a mixed client that does send PKCE at its web redirect URI is held to it', async (t) => {
  const code = (await authorize(gatehouse, webFace())).get('code') ?? '';
  const answer = await redeem(gatehouse, webFace(), code, { code_verifier: undefined });
  assertRefused(t, answer, { error: 'invalid_grant', description: /code_verifier is missing/ });
  t.is((await redeem(gatehouse, webFace(), code)).status, 200);
});

test('a code_verifier for a request that had no code_challenge is refused', async (t) => {
  const code = (await authorize(gatehouse, webFace(), WITHOUT_PKCE)).get('code') ?? '';
  assertRefused(t, await redeem(gatehouse, webFace(), code), {
    error: 'invalid_grant',
    description: /code_challenge.*S256/,
  });
});

test('a confidential client registered without require_pkce may leave it out', async (t) => {
  const client = await addClient(gatehouse, {
    kind: 'web',
    requirePkce: false,
    redirectUris: [{ uri: 'https://rp.example.com/callback', type: 'web' }],
  });
  const code = (await authorize(gatehouse, client, WITHOUT_PKCE)).get('code') ?? '';
  t.is((await redeem(gatehouse, client, code, { code_verifier: undefined })).status, 200);
});

for (const kind of ['spa', 'native'] as const) {
  test(`a ${kind} client cannot be registered without PKCE`, async (t) => {
    const redirectUris = [{ uri: 'https://rp.example.com/callback', type: kind }];
    await t.throwsAsync(addClient(gatehouse, { kind, requirePkce: false, redirectUris }), {
      message: `a ${kind} client cannot do without PKCE`,
    });
  });
}
