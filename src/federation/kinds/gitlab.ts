// GitLab, gitlab.com or one's own, by OpenID Connect.
import * as client from 'openid-client';
import { z } from 'zod';
import type { ConnectorKind } from '../connector.ts';
import { standardHints } from '../upstreams/authorization-hints.ts';
import { completeClaims } from '../upstreams/claims-of-userinfo.ts';
import {
  discover,
  secretOf,
  secretProblems,
  standardIdentity,
} from '../upstreams/openid-upstream.ts';

const PUBLIC = 'https://gitlab.com';

const settings = {
  /** Of a GitLab of one's own. */
  base_url: z
    .url({ protocol: /^https?$/ })
    .transform((url) => url.replace(/\/+$/, ''))
    .default(PUBLIC),
};

export const gitlab: ConnectorKind<typeof settings> = {
  title: 'GitLab',
  settings,
  problems: secretProblems,
  scopes: ['openid', 'profile', 'email'],
  protocol: 'oidc',
  configure: (upstream) =>
    discover(upstream, upstream.settings.base_url, client.ClientSecretPost(secretOf(upstream))),
  authorizationParameters: (_upstream, hints) => standardHints(hints),
  async readIdentity({ settings: { base_url } }, access) {
    const identity = standardIdentity(await completeClaims(access));
    // The administrator of a GitLab may have switched the confirmation of addresses off.
    return base_url === PUBLIC ? identity : { ...identity, emailTrust: 'none' };
  },
};
