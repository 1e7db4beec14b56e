// Sign In with LinkedIn using OpenID Connect.
import * as client from 'openid-client';
import type { ConnectorKind } from '../connector.ts';
import { completeClaims } from '../upstreams/claims-of-userinfo.ts';
import {
  discover,
  secretOf,
  secretProblems,
  standardIdentity,
} from '../upstreams/openid-upstream.ts';

const ISSUER = 'https://www.linkedin.com/oauth';

const settings = {};

export const linkedin: ConnectorKind<typeof settings> = {
  title: 'LinkedIn',
  settings,
  problems: secretProblems,
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
  explain({ error, description }) {
    switch (error) {
      case 'user_cancelled_login':
      case 'user_cancelled_authorize':
        return { reason: 'cancelled', advice: 'The person turned back.' };
      case 'unauthorized_scope_error':
        return {
          reason: 'misconfigured',
          advice: `The app lacks the product Sign In with LinkedIn using OpenID Connect: ${description}`,
        };
      // Of a code that is too old as well.
      case 'invalid_request':
        return { reason: 'refused', advice: description };
      default:
        return undefined;
    }
  },
};
