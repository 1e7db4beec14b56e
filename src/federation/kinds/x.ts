// X, formerly Twitter. OAuth 2.0 with the API v2.
import type { ClientAuth } from 'openid-client';
import { z } from 'zod';
import type { ConnectorKind } from '../connector.ts';
import { fixedEndpoints, secretOf, secretProblems, textOf } from '../upstreams/openid-upstream.ts';
import { askApi } from '../upstreams/upstream-api.ts';

const ISSUER = 'https://x.com';

const settings = {};

const person = z.object({
  data: z.object({
    id: z.string().regex(/^\d+$/),
    name: z.unknown().optional(),
    confirmed_email: z.unknown().optional(),
  }),
});

export const x: ConnectorKind<typeof settings> = {
  title: 'X',
  settings,
  problems: secretProblems,
  // Nobody reads /2/users/me without the first two; the last has to be switched on in the app.
  scopes: ['tweet.read', 'users.read', 'users.email'],
  protocol: 'oauth2',
  async configure(upstream) {
    const server = {
      issuer: ISSUER,
      authorization_endpoint: 'https://x.com/i/oauth2/authorize',
      token_endpoint: 'https://api.x.com/2/oauth2/token',
    };
    return fixedEndpoints(upstream, server, plainBasic(secretOf(upstream)));
  },
  async readIdentity(_upstream, access) {
    const url = new URL('https://api.x.com/2/users/me?user.fields=confirmed_email');
    const { data } = await askApi(access, url, person);
    const email = textOf(data.confirmed_email);
    return {
      issuer: ISSUER,
      subject: data.id,
      email,
      emailTrust: email ? 'verified' : 'none',
      displayName: textOf(data.name),
    };
  },
  explain: ({ error, description }) =>
    error === 'invalid_request' && description.includes('authorization code')
      ? { reason: 'refused', advice: `The code was used or is too old: ${description}` }
      : undefined,
};

// X compares what it gets; the library would encode the - and _ of a secret (RFC 6749 section 2.3.1).
function plainBasic(secret: string): ClientAuth {
  return (_server, { client_id }, _body, headers) => {
    const pair = Buffer.from(`${client_id}:${secret}`).toString('base64');
    headers.set('authorization', `Basic ${pair}`);
  };
}
