// What this API demands of an access token. RFC 6750 §2.1, RFC 9068 §4.
import { type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose';
import { BearerRefusal } from './bearer-refusal.ts';
import { explainRefusal } from './explain-refusal.ts';

const ALGORITHMS = ['RS256', 'PS256', 'ES256', 'Ed25519', 'EdDSA'];

export type VerifiedToken = {
  header: { alg: string; kid: string | undefined; typ: string | undefined };
  claims: JWTPayload & { sub: string };
};

export type VerifyOptions = {
  /** The `Authorization` header as received, '' when absent. */
  authorization: string;
  issuer: string;
  audience: string;
  /** The one scope that the operation needs. */
  scope: string;
  loadKeys: () => Promise<JWTVerifyGetKey>;
};

/**
 * Verifies the bearer token of a request and returns what was in it.
 * Throws BearerRefusal (400, 401, 403) or IssuerUnavailable.
 */
export async function verifyBearerToken(options: VerifyOptions): Promise<VerifiedToken> {
  const { authorization, issuer, audience, scope, loadKeys } = options;
  const token = readToken(authorization, scope);
  const keys = await loadKeys();
  const { payload, protectedHeader } = await jwtVerify(token, keys, {
    issuer,
    audience,
    typ: 'at+jwt',
    algorithms: ALGORITHMS,
    requiredClaims: ['exp', 'iat', 'sub', 'client_id'],
  }).catch((error: unknown) => {
    throw refuseToken(explainRefusal(error, token, { issuer, audience, algorithms: ALGORITHMS }));
  });

  const { sub } = payload;
  if (typeof sub !== 'string') throw refuseToken('The sub claim of the token is not a text.');
  // jose is content with one of several audiences; a token that other APIs accept too is not ours.
  if (payload.aud !== audience) {
    throw refuseToken(`The token is for several APIs; this API expects ${audience} alone.`);
  }
  const scopes = typeof payload['scope'] === 'string' ? payload['scope'].split(' ') : [];
  if (!scopes.includes(scope)) {
    const granted = scopes.length > 0 ? `only ${scopes.join(', ')}` : 'no scope at all';
    const message = `This operation needs the scope ${scope}; the token has ${granted}.`;
    throw new BearerRefusal({ status: 403, error: 'insufficient_scope', message, scope });
  }
  const { alg, kid, typ } = protectedHeader;
  return { header: { alg, kid, typ }, claims: { ...payload, sub } };
}

function readToken(authorization: string, scope: string): string {
  if (!/^bearer(?: |$)/i.test(authorization)) {
    const message =
      'This operation needs an access token: send it in the header "Authorization: Bearer <token>".';
    throw new BearerRefusal({ status: 401, message, scope });
  }
  const token = authorization.slice('bearer'.length).trim();
  if (!/^[A-Za-z0-9\-._~+/]+=*$/.test(token)) {
    const message =
      token === ''
        ? 'The Authorization header says Bearer, but no token follows.'
        : 'What follows Bearer in the Authorization header is not a token.';
    throw new BearerRefusal({ status: 400, error: 'invalid_request', message });
  }
  return token;
}

function refuseToken(message: string): BearerRefusal {
  return new BearerRefusal({ status: 401, error: 'invalid_token', message });
}
