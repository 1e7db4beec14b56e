// Discord. OAuth 2.0; its API says who it is.
import * as client from 'openid-client';
import { z } from 'zod';
import type { ConnectorKind } from '../connector.ts';
import { fixedEndpoints, secretOf, secretProblems, textOf } from '../upstreams/openid-upstream.ts';
import { askApi } from '../upstreams/upstream-api.ts';

const ISSUER = 'https://discord.com';

const settings = {};

const person = z.object({
  id: z.string().regex(/^\d+$/),
  username: z.string(),
  global_name: z.unknown().optional(),
  email: z.unknown().optional(),
  verified: z.unknown().optional(),
});

export const discord: ConnectorKind<typeof settings> = {
  title: 'Discord',
  settings,
  problems: secretProblems,
  scopes: ['identify', 'email'],
  protocol: 'oauth2',
  async configure(upstream) {
    const server = {
      // Its callbacks name it (RFC 9207).
      issuer: ISSUER,
      authorization_endpoint: `${ISSUER}/api/oauth2/authorize`,
      token_endpoint: `${ISSUER}/api/oauth2/token`,
    };
    return fixedEndpoints(upstream, server, client.ClientSecretPost(secretOf(upstream)));
  },
  // Who allowed it once is not asked each time, unless somebody wants them to be.
  authorizationParameters: (_upstream, { prompt }) => ({
    prompt: prompt === undefined ? 'none' : 'consent',
  }),
  async readIdentity(_upstream, access) {
    const me = await askApi(access, new URL(`${ISSUER}/api/users/@me`), person);
    const email = textOf(me.email);
    return {
      issuer: ISSUER,
      subject: me.id,
      email,
      emailTrust: email && me.verified === true ? 'verified' : 'none',
      emailUnproven: me.verified !== true,
      displayName: textOf(me.global_name) ?? me.username,
    };
  },
};
