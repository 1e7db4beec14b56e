// Sign In with LinkedIn using OpenID Connect.
import * as client from 'openid-client';
import { completeClaims } from '../claims-of-userinfo.ts';
import type { ConnectorKind } from '../connector.ts';
import { discover, secretOf, standardIdentity } from '../openid-upstream.ts';

const ISSUER = 'https://www.linkedin.com/oauth';

const settings = {};

export const linkedin: ConnectorKind<typeof settings> = {
  title: 'LinkedIn',
  settings,
  scopes: ['openid', 'profile', 'email'],
  // It repeats no nonce.
  protocol: 'nonce-if-present',
  // A code_verifier is answered with invalid_client.
  pkce: false,
  configure: (upstream) => discover(upstream, ISSUER, client.ClientSecretPost(secretOf(upstream))),
  async readIdentity(_upstream, access) {
    // LinkedIn says that it does not verify who its members are: an address to write to, no more.
    return { ...standardIdentity(await completeClaims(access)), emailTrust: 'none' };
  },
  explain: ({ error }) =>
    error === 'user_cancelled_login' || error === 'user_cancelled_authorize'
      ? { reason: 'cancelled', advice: 'The person turned back.' }
      : undefined,
};
