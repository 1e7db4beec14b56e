// What a refused token request tells the developer. The library keeps most reasons for the log;
// those that reveal nothing to a stranger are said here, in words that name the remedy.
import { errors, type KoaContextWithOIDC } from 'oidc-provider';
import { differenceOf, shownUri } from './redirect-uri-difference.ts';
import { refusedBy } from './refused-by.ts';

const REMEDIES: [RegExp, string][] = [
  [
    /^authorization code not found/,
    'the authorization code is unknown: it was used before, has expired, or belongs to another server',
  ],
  [
    /^authorization code is expired/,
    'the authorization code has expired: exchange it within 60 seconds',
  ],
  [
    /already (consumed|used|redeemed)/,
    'it was already redeemed: codes and rotated refresh tokens work once',
  ],
  [/^client mismatch/, 'it was issued to another client'],
  [
    /code_verifier must be provided/,
    'code_verifier is missing: send the one that belongs to the code_challenge (S256)',
  ],
  [
    /unsupported code_challenge_method/,
    'a code_verifier was sent, but the authorization request had no code_challenge: send one there (S256)',
  ],
  [
    /code_verifier does not match/,
    'code_verifier does not match the code_challenge (S256) of the authorization request',
  ],
  [
    /^refresh token (not found|is expired)/,
    'the refresh token is unknown, expired or revoked: send the person through authorization again',
  ],
  [
    /^grant (not found|is expired)/,
    'the authorization behind it has been revoked or has expired: send the person through authorization again',
  ],
  [/referenced account not found/, 'the account can no longer be used'],
];

// What a developer gets wrong in a client assertion (RFC 7523) says nothing about the client.
const ASSERTION_FAULT = /client.assertion|\(JWT |^alg mismatch/;

/** Sentences for what is not supported, which the library refuses without one. */
export const UNSUPPORTED: Record<string, string> = {
  request_not_supported: 'request objects are not supported: send the parameters themselves',
  request_uri_not_supported:
    'request_uri is accepted at the authorization endpoint only, as the pushed authorization request endpoint gave it',
  registration_not_supported:
    'the registration parameter is not supported: register the client beforehand',
};

const GRANT_REPLACEMENTS: Record<string, string> = {
  password:
    'the password grant is not offered: use authorization_code with PKCE (S256), or client_credentials for a machine',
  implicit: 'the implicit flow is not offered: use authorization_code with PKCE (S256)',
};

/** Completes the JSON answer of a refused token request. Called while the answer is being built. */
export function explainRefusal(ctx: KoaContextWithOIDC, error: errors.OIDCProviderError): void {
  const { body } = ctx;
  if (!isErrorBody(body)) return;
  // RFC 6749 section 5.2 has a word of its own for this; the library says invalid_request.
  if (body.error_description?.startsWith('requested grant type is not allowed'))
    body.error = 'unauthorized_client';
  const description =
    describe(ctx, error, body) ?? body.error_description ?? UNSUPPORTED[body.error];
  if (description) body.error_description = description;
  // A console shows only a 400; 401 is for those who tried to authenticate (RFC 6749 section 5.2).
  if (body.error === 'invalid_client' && !presentsCredential(ctx)) ctx.status = 400;
}

function describe(
  ctx: KoaContextWithOIDC,
  error: errors.OIDCProviderError,
  body: ErrorBody,
): string | undefined {
  const detail = error.error_detail ?? '';
  if (error instanceof errors.UnsupportedGrantType)
    return GRANT_REPLACEMENTS[String(ctx.oidc.params?.['grant_type'])];
  if (error instanceof errors.InvalidGrant) {
    if (detail.includes('redirect_uri mismatch')) return describeMismatch(ctx, error);
    return REMEDIES.find(([pattern]) => pattern.test(detail))?.[1];
  }
  const { scope } = body;
  if (scope && !body.error_description?.includes(scope))
    return `${body.error_description}: ${scope}`;
  // The library's own sentence also offers the endpoint URLs, which are not accepted here.
  if (/^(list of )?audience/.test(detail))
    return 'client authentication failed: the audience of a client assertion must be the issuer alone';
  if (ASSERTION_FAULT.test(detail)) return `client authentication failed: ${detail}`;
  if (detail.startsWith('the provided authentication mechanism')) {
    return 'client authentication failed: the method does not match the registered one (secret by Basic or POST, private_key_jwt, or none)';
  }
  return undefined;
}

/** The redirect URIs of a mismatch, noted by the look-up of the code. */
const mismatches = new WeakMap<object, { sent: string; expected: string }>();

/** Remembers what a code was issued for, so that a mismatch can be described. */
export function noteRedirectUri(ctx: KoaContextWithOIDC, expected: string | undefined): void {
  const sent = ctx.oidc.params?.['redirect_uri'];
  if (typeof sent === 'string' && expected) mismatches.set(ctx.oidc, { sent, expected });
}

function describeMismatch(ctx: KoaContextWithOIDC, error: object): string | undefined {
  const found = mismatches.get(ctx.oidc);
  if (!found) return undefined;
  const { part, words } = differenceOf(found.sent, found.expected);
  refusedBy(error, 'redirect_uri_mismatch', {
    ...{ sent: shownUri(found.sent), registered: shownUri(found.expected), difference: part },
  });
  return `redirect_uri differs from the one of the authorization request: ${words}`;
}

function presentsCredential(ctx: KoaContextWithOIDC): boolean {
  const { params } = ctx.oidc;
  return Boolean(
    ctx.get('Authorization') || params?.['client_secret'] || params?.['client_assertion'],
  );
}

interface ErrorBody {
  error: string;
  error_description?: string;
  scope?: string;
}

function isErrorBody(body: unknown): body is ErrorBody {
  return typeof body === 'object' && body !== null && 'error' in body;
}
