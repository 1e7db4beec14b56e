// Refusals of an authorization request that say what to do instead. The library asks the client
// whether a response mode is allowed before it looks at response_type, PKCE or scope; what is thrown
// here takes the library's own error path, which checks the redirect URI before it redirects.
import { errors, type KoaContextWithOIDC, Provider } from 'oidc-provider';
import type { ClientLookup } from './client-lookup.ts';
import { redirectUriType } from './client-metadata.ts';
import { noteOfflineAccess } from './offline-access.ts';

/** Makes a provider check each authorization request with our words first. */
export function attachRequestPolicy(provider: Provider): void {
  const allowed = provider.Client.prototype.responseModeAllowed;
  provider.Client.prototype.responseModeAllowed = function checked(...args) {
    const ctx = Provider.ctx;
    if (ctx) {
      checkRequest(ctx.oidc.params ?? {});
      noteOfflineAccess(ctx);
    }
    return allowed.apply(this, args);
  };
}

function checkRequest(params: Record<string, unknown>): void {
  const type = params['response_type'];
  if (type !== undefined && type !== 'code') {
    throw new errors.UnsupportedResponseType(
      'response_type must be code: the implicit and hybrid flows are not offered, use the authorization code flow with PKCE (S256)',
    );
  }
  const method = params['code_challenge_method'];
  if (params['code_challenge'] !== undefined && method !== 'S256') {
    throw new errors.InvalidRequest(
      'code_challenge_method must be S256: a challenge without it, or with plain, is not accepted',
    );
  }
}

/**
 * PKCE is required (RFC 9700 section 2.1.1) unless a confidential client is registered without it;
 * `spa` redirect URIs always need it. Throws with a sentence that names S256.
 */
export function createPkcePolicy(clients: ClientLookup) {
  return (ctx: KoaContextWithOIDC): boolean => {
    const { client, params } = ctx.oidc;
    if (!client) return true;
    const stored = clients.stored(client);
    const type = redirectUriType(stored, params?.['redirect_uri']);
    if (!stored.requirePkce && stored.authMethod !== 'none' && type === 'web') return false;
    throw new errors.InvalidRequest(
      'PKCE is required: send code_challenge with code_challenge_method=S256',
    );
  };
}
