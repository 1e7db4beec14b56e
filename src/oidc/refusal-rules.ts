// Which rule is behind an error of the protocol: what was marked where it was thrown, else what the
// library says of it in its own detail or class.
import { errors, type KoaContextWithOIDC } from 'oidc-provider';
import type { Rule } from '../applications/refusals/rules.ts';
import type { Client } from '../storage/clients.ts';
import { differenceOf, nearestUri, shownUri } from './redirect-uri-difference.ts';
import { type Reason, reasonOf } from './refused-by.ts';

const BY_DETAIL: [RegExp, Rule][] = [
  [/^authorization code not found/, 'code_unknown'],
  [/^authorization code is expired/, 'code_expired'],
  [/^authorization code already/, 'code_used'],
  [/^refresh token (not found|is expired)/, 'refresh_unknown'],
  [/^refresh token already/, 'refresh_used'],
  [/^grant (not found|is expired)/, 'grant_revoked'],
  [/referenced account not found/, 'account_unusable'],
  [/^client mismatch/, 'code_unknown'],
  [/code_verifier must be provided/, 'pkce_missing'],
  [/code_challenge/, 'pkce_mismatch'],
  [/redirect_uri mismatch/, 'redirect_uri_mismatch'],
  [/^invalid secret provided/, 'secret_unknown'],
  [/^the provided authentication mechanism/, 'auth_method_mismatch'],
  [/must only be used once/, 'assertion_reused'],
  [/^jwt (expired|issued in the future|not active yet)|at most 5 minutes ahead/, 'clock_skew'],
  [/no (applicable|matching) key|key.*not found|signature verification failed/i, 'key_unknown'],
  [/client.assertion|\(JWT |^alg mismatch|audience|jwt|JWS|JWKS/, 'assertion_invalid'],
];

const BY_DESCRIPTION: [RegExp, Rule][] = [
  [/grant type is not allowed|is not allowed for this client$/, 'grant_type_not_allowed'],
  [/PKCE is required|code_challenge/, 'pkce_missing'],
  [/code_verifier/, 'pkce_mismatch'],
  [/redirect_uri/, 'redirect_uri_mismatch'],
];

const BY_ERROR: Record<string, Rule> = {
  access_denied: 'declined',
  consent_required: 'sign_in_required',
  interaction_required: 'sign_in_required',
  invalid_redirect_uri: 'redirect_uri_mismatch',
  invalid_scope: 'scope_unknown',
  invalid_target: 'api_unknown',
  login_required: 'sign_in_required',
  unauthorized_client: 'grant_type_not_allowed',
  unsupported_grant_type: 'grant_type_not_allowed',
  unsupported_response_type: 'response_type_unsupported',
};

/** The rule that refused a request of this client, and what helps beside it. */
export function explainRule(
  ctx: KoaContextWithOIDC,
  client: Client,
  error: errors.OIDCProviderError,
): Reason {
  const marked = reasonOf(error);
  if (marked) return marked;
  const rule = ruleOf(error);
  return DETAILED[rule]?.(ctx, client) ?? { rule, detail: {} };
}

function ruleOf(error: errors.OIDCProviderError): Rule {
  const found = (list: [RegExp, Rule][], text = '') =>
    list.find(([pattern]) => pattern.test(text))?.[1];
  const isAuthentication = error instanceof errors.InvalidClientAuth;
  return (
    ((isAuthentication || error instanceof errors.InvalidGrant) &&
      found(BY_DETAIL, error.error_detail)) ||
    BY_ERROR[error.error] ||
    found(BY_DESCRIPTION, error.error_description) ||
    'request_invalid'
  );
}

type Explain = (ctx: KoaContextWithOIDC, client: Client) => Reason;

/** Rules of the library whose details are in the request. */
const DETAILED: Partial<Record<Rule, Explain>> = {
  redirect_uri_mismatch: explainRedirectUri,
  // Noted while the secret was compared.
  secret_unknown: (ctx) => reasonOf(ctx.oidc) ?? { rule: 'secret_unknown', detail: {} },
  clock_skew: explainClock,
  auth_method_mismatch: explainMethod,
};

function explainRedirectUri(ctx: KoaContextWithOIDC, client: Client): Reason {
  const sent = ctx.oidc.params?.['redirect_uri'];
  const rule = 'redirect_uri_mismatch';
  if (typeof sent !== 'string') return { rule, detail: {} };
  const registered = nearestUri(
    sent,
    client.redirectUris.map(({ uri }) => uri),
  );
  if (registered === undefined) return { rule, detail: { sent: shownUri(sent) } };
  // Registered, but not the one of the authorization request.
  const difference = sent === registered ? {} : { difference: differenceOf(sent, registered).part };
  return { rule, detail: { sent: shownUri(sent), registered, ...difference } };
}

// When the assertion says it was made, or else that it ends, against our clock.
function explainClock(ctx: KoaContextWithOIDC): Reason {
  const { iat, exp } = claimsOf(ctx.oidc.params?.['client_assertion']);
  const moment = iat ?? exp;
  const seconds = moment === undefined ? 0 : Math.round(moment - Date.now() / 1000);
  return { rule: 'clock_skew', detail: seconds === 0 ? {} : { clock_seconds: seconds } };
}

function claimsOf(assertion: unknown): { iat?: number; exp?: number } {
  try {
    const payload: unknown = JSON.parse(
      Buffer.from(String(assertion).split('.')[1] ?? '', 'base64url').toString(),
    );
    const value = (name: string) => Number(Object(payload)[name]) || undefined;
    const [iat, exp] = [value('iat'), value('exp')];
    return { ...(iat ? { iat } : {}), ...(exp ? { exp } : {}) };
  } catch {
    return {};
  }
}

function explainMethod(ctx: KoaContextWithOIDC): Reason {
  const { params } = ctx.oidc;
  const presented =
    ctx.get('Authorization') || params?.['client_secret'] || params?.['client_assertion'];
  return { rule: presented ? 'auth_method_mismatch' : 'credential_missing', detail: {} };
}
