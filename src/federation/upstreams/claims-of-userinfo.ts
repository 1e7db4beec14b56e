// Claims that an upstream keeps for its userinfo endpoint (OpenID Connect Core section 5.3).
import * as client from 'openid-client';
import { claimsOf } from './openid-upstream.ts';
import type { ApiAccess } from './upstream-api.ts';

/**
 * The claims of the ID token, with those of userinfo where the ID token names neither an address nor
 * a person. What the ID token says goes before; userinfo of somebody else is refused.
 */
export async function completeClaims({
  configuration,
  tokens,
}: ApiAccess): Promise<client.IDToken> {
  const claims = claimsOf(tokens);
  const isComplete = claims['email'] !== undefined && claims['name'] !== undefined;
  if (isComplete || !configuration.serverMetadata().userinfo_endpoint) return claims;
  const more = await client.fetchUserInfo(configuration, tokens.access_token, claims.sub);
  // An address and the word for it belong together.
  const { email_verified, ...rest } = more;
  return { ...rest, ...(claims['email'] === undefined ? { email_verified } : {}), ...claims };
}
