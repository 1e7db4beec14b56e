// Any OpenID Connect provider, by its issuer.
import * as client from 'openid-client';
import { z } from 'zod';
import type { ConnectorKind } from '../connector.ts';
import { claimsOf, discover, secretOf, standardIdentity } from '../openid-upstream.ts';

const settings = {
  /** The bare issuer, not the address of its discovery document. */
  issuer: z.url({ protocol: /^https?$/ }),
};

export const oidc: ConnectorKind<typeof settings> = {
  title: 'OpenID Connect',
  settings,
  scopes: ['openid', 'profile', 'email'],
  protocol: 'oidc',
  configure: (upstream) =>
    discover(upstream, upstream.settings.issuer, client.ClientSecretBasic(secretOf(upstream))),
  async readIdentity(_upstream, { tokens }) {
    // Whether a stranger's provider checks addresses is for the administrator to say.
    return { ...standardIdentity(claimsOf(tokens)), emailTrust: 'none' };
  },
};
