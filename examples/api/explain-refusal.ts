// Turns what jose found wrong with a token into words that tell its bearer what to do.
import { decodeJwt, decodeProtectedHeader, errors, type JWTPayload } from 'jose';
import { IssuerUnavailable } from './issuer-keys.ts';

const KEY_ERRORS = [
  errors.JWKSNoMatchingKey,
  errors.JWKSMultipleMatchingKeys,
  errors.JWSSignatureVerificationFailed,
];
const FORM_ERRORS = [errors.JWSInvalid, errors.JWTInvalid, errors.JOSENotSupported];

export type Expectation = { issuer: string; audience: string; algorithms: readonly string[] };

/**
 * Says in plain words why verification failed, without repeating the token.
 * Throws IssuerUnavailable when the token is not to blame: the issuer's keys could not be read.
 */
export function explainRefusal(error: unknown, token: string, expected: Expectation): string {
  if (error instanceof errors.JWTExpired) return explainExpiry(error.payload);
  if (error instanceof errors.JWTClaimValidationFailed) return explainClaim(error, token, expected);
  if (!isJwt(token)) {
    return 'The token is not a JWT. An opaque token was issued for no API: ask for one of the scopes of this API.';
  }
  if (error instanceof errors.JOSEAlgNotAllowed) {
    return `The token is signed with ${shorten(decodeProtectedHeader(token).alg)}; this API accepts ${expected.algorithms.join(', ')}.`;
  }
  if (isOneOf(error, KEY_ERRORS)) return explainSignature(error, token, expected);
  if (isOneOf(error, FORM_ERRORS)) return `The token is not a usable JWT: ${error.message}.`;
  throw new IssuerUnavailable(`the signing keys of ${expected.issuer} cannot be read`, {
    cause: error,
  });
}

function explainExpiry({ exp = 0 }: JWTPayload): string {
  const seconds = Math.max(0, Math.floor(Date.now() / 1000) - exp);
  return `The token expired ${seconds} ${seconds === 1 ? 'second' : 'seconds'} ago. Get a new one.`;
}

function explainClaim(
  { claim, reason, payload }: errors.JWTClaimValidationFailed,
  token: string,
  { issuer, audience }: Expectation,
): string {
  if (claim === 'typ') {
    return `The token's typ is ${shorten(decodeProtectedHeader(token).typ)}, expected at+jwt: send the access token, not an ID token.`;
  }
  if (reason === 'missing') return `The token has no ${claim} claim.`;
  if (claim === 'aud') {
    return `The token is for ${shorten(payload.aud)}; this API expects ${audience}.`;
  }
  if (claim === 'iss') return explainIssuer(payload.iss, issuer);
  return `The token's ${claim} claim is not acceptable.`;
}

function explainSignature(error: Error, token: string, { issuer }: Expectation): string {
  const claimedIssuer = decodeJwt(token).iss;
  if (claimedIssuer !== issuer) return explainIssuer(claimedIssuer, issuer);
  if (error instanceof errors.JWSSignatureVerificationFailed) {
    return 'The signature of the token is wrong: it was changed, or cut short when it was copied.';
  }
  return `${issuer} publishes no key with the kid ${shorten(decodeProtectedHeader(token).kid)}.`;
}

function explainIssuer(claimed: string | undefined, trusted: string): string {
  return `The token says that it was issued by ${shorten(claimed ?? 'nobody')}; this API trusts only ${trusted}.`;
}

function isOneOf(
  error: unknown,
  classes: (abstract new (...rest: never[]) => Error)[],
): error is Error {
  return classes.some((candidate) => error instanceof candidate);
}

function isJwt(token: string): boolean {
  try {
    decodeProtectedHeader(token);
    decodeJwt(token);
    return true;
  } catch {
    return false;
  }
}

// These values come from a token that may be forged, and end up in a header and a log.
function shorten(value: unknown): string {
  const text = Array.isArray(value) ? value.join(' and ') : String(value ?? 'missing');
  return text.length > 120 ? `${text.slice(0, 120)}...` : text;
}
