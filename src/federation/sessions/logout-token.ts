// A logout token (OpenID Connect Back-Channel Logout 1.0 section 2.6).
import { createRemoteJWKSet, customFetch, errors, type JWTVerifyGetKey, jwtVerify } from 'jose';
import { invalidRequest } from '../../errors.ts';
import type { Database } from '../../storage/database.ts';
import { redeemJti } from '../../storage/oidc-payloads.ts';
import type { Connector } from '../connectors.ts';
import { textOf } from '../upstreams/openid-upstream.ts';
import type { OpenUpstream } from '../upstreams/upstreams.ts';

const EVENT = 'http://schemas.openid.net/event/backchannel-logout';
const MAX_AGE_SECONDS = 300;

/** Validates the logout tokens of all connectors. */
export type VerifyLogoutToken = (
  connector: Connector,
  upstream: OpenUpstream,
  token: string,
) => Promise<{ sid: string | undefined; subject: string | undefined }>;

/** Keeps the keys of each connector: strangers with made-up keys cause no download each time. */
export function createLogoutTokens(db: Database): VerifyLogoutToken {
  const kept = new Map<string, { version: string; keys: JWTVerifyGetKey }>();
  return (connector, upstream, token) => {
    const { id, version } = connector;
    const known = kept.get(id);
    const keys = known?.version === version ? known.keys : keysOf(upstream);
    kept.set(id, { version, keys });
    return verify(db, upstream, keys, token);
  };
}

function keysOf({ configuration, fetch }: OpenUpstream): JWTVerifyGetKey {
  const { jwks_uri: uri } = configuration.serverMetadata();
  if (!uri) throw invalidRequest('This upstream publishes no keys.');
  return createRemoteJWKSet(new URL(uri), { [customFetch]: fetch as typeof globalThis.fetch });
}

/**
 * Validates a logout token of an upstream: signature, issuer, audience, age, event, no nonce, once.
 * Throws 400 that says which of them failed.
 */
async function verify(
  db: Database,
  { configuration, settings }: OpenUpstream,
  keys: JWTVerifyGetKey,
  token: string,
): Promise<{ sid: string | undefined; subject: string | undefined }> {
  const { issuer } = configuration.serverMetadata();
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
