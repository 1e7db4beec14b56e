// A logout token (OpenID Connect Back-Channel Logout 1.0 section 2.6).
import { createRemoteJWKSet, customFetch, errors, jwtVerify } from 'jose';
import { invalidRequest } from '../errors.ts';
import type { Database } from '../storage/database.ts';
import { redeemJti } from '../storage/oidc-payloads.ts';
import { textOf } from './openid-upstream.ts';
import type { OpenUpstream } from './upstreams.ts';

const EVENT = 'http://schemas.openid.net/event/backchannel-logout';
const MAX_AGE_SECONDS = 300;

/**
 * Validates a logout token of an upstream: signature, issuer, audience, age, event, no nonce, once.
 * Throws 400 that says which of them failed.
 */
export async function verifyLogoutToken(
  db: Database,
  { configuration, settings, fetch }: OpenUpstream,
  token: string,
): Promise<{ sid: string | undefined; subject: string | undefined }> {
  const { issuer, jwks_uri: jwksUri } = configuration.serverMetadata();
  if (!jwksUri) throw invalidRequest('This upstream publishes no keys.');
  const keys = createRemoteJWKSet(new URL(jwksUri), {
    [customFetch]: fetch as typeof globalThis.fetch,
  });
  const { payload } = await jwtVerify(token, keys, {
    ...{ issuer, audience: settings.client_id, clockTolerance: 30 },
    maxTokenAge: MAX_AGE_SECONDS,
    requiredClaims: ['iat', 'jti', 'events'],
  }).catch((cause: unknown) => {
    const reason = cause instanceof errors.JOSEError ? cause.code : 'its keys cannot be read';
    throw invalidRequest(`The logout token is not valid: ${reason}.`, cause);
  });
  const { events, jti, nonce } = payload;
  if (typeof events !== 'object' || events === null || !(EVENT in events))
    throw invalidRequest('The logout token names no back-channel logout event.');
  if (nonce !== undefined) throw invalidRequest('A logout token must have no nonce.');
  const sid = textOf(payload['sid']);
  const subject = textOf(payload.sub);
  if (!sid && !subject) throw invalidRequest('The logout token names neither sid nor sub.');
  const expiresAt = Math.floor(Date.now() / 1000) + 2 * MAX_AGE_SECONDS;
  if (!(await redeemJti(db, `logout ${issuer}`, String(jti), expiresAt)))
    throw invalidRequest('The logout token was used already.');
  return { sid, subject };
}
