// Any OpenID Connect provider, by its issuer.
import * as client from 'openid-client';
import { z } from 'zod';
import type { ConnectorKind, Upstream } from '../connector.ts';
import { secretReference } from '../settings.ts';
import { present, standardHints } from '../upstreams/authorization-hints.ts';
import { completeClaims } from '../upstreams/claims-of-userinfo.ts';
import { readClientKey } from '../upstreams/client-key.ts';
import {
  discover,
  secretOf,
  secretProblems,
  standardIdentity,
} from '../upstreams/openid-upstream.ts';

const settings = {
  /** The bare issuer. The address of its discovery document becomes it: by that the library checks no issuer. */
  issuer: z
    .url({ protocol: /^https?$/ })
    .transform((url) => url.replace(/\/\.well-known\/openid-configuration$/, ''))
    .refine((url) => !url.includes('/.well-known/'), 'must be the bare issuer'),
  token_endpoint_auth_method: z
    .enum(['client_secret_basic', 'client_secret_post', 'private_key_jwt'])
    .default('client_secret_basic'),
  /** Of private_key_jwt, as PEM. */
  private_key: secretReference.optional(),
  /** By which the upstream finds the public key. */
  key_id: z.string().min(1).optional(),
};
type Own = z.infer<z.ZodObject<typeof settings>>;

export const oidc: ConnectorKind<typeof settings> = {
  title: 'OpenID Connect',
  settings,
  problems(all) {
    if (all.token_endpoint_auth_method !== 'private_key_jwt') return secretProblems(all);
    return all.private_key ? [] : ['private_key: private_key_jwt needs it'];
  },
  scopes: ['openid', 'profile', 'email'],
  protocol: 'oidc',
  configure: async (upstream) =>
    discover(upstream, upstream.settings.issuer, await authenticationOf(upstream)),
  authorizationParameters: (_upstream, hints) => standardHints(hints),
  async readIdentity(_upstream, access) {
    const identity = standardIdentity(await completeClaims(access));
    // What the provider calls verified is worth what the administrator says of it (email_trust).
    return { ...identity, emailTrust: 'none', emailUnproven: identity.emailTrust === 'none' };
  },
  endSession({ redirectUri }, { configuration, idToken, logoutHint, state }) {
    if (!configuration.serverMetadata().end_session_endpoint) return undefined;
    const hints = present({ id_token_hint: idToken, logout_hint: logoutHint });
    const parameters = { post_logout_redirect_uri: redirectUri, state, ...hints };
    return client.buildEndSessionUrl(configuration, parameters);
  },
};

async function authenticationOf(upstream: Upstream<Own>): Promise<client.ClientAuth> {
  const { key_id, private_key, token_endpoint_auth_method } = upstream.settings;
  switch (token_endpoint_auth_method) {
    case 'client_secret_basic':
      return client.ClientSecretBasic(secretOf(upstream));
    case 'client_secret_post':
      return client.ClientSecretPost(secretOf(upstream));
    case 'private_key_jwt': {
      const { key } = await readClientKey(upstream, private_key);
      return client.PrivateKeyJwt(key_id ? { key, kid: key_id } : key);
    }
  }
}
