// Whatever can go wrong with an upstream, as one of our reasons.
import * as client from 'openid-client';
import { UsageError } from '../errors.ts';
import {
  type ConnectorKind,
  type Explanation,
  Refusal,
  type RefusalReason,
  type Upstream,
} from './connector.ts';

/** RFC 6749 sections 4.1.2.1 and 5.2, OpenID Connect Core section 3.1.2.6. */
const REASONS: Record<string, RefusalReason> = {
  access_denied: 'cancelled',
  login_required: 'interaction_required',
  interaction_required: 'interaction_required',
  consent_required: 'interaction_required',
  account_selection_required: 'interaction_required',
  invalid_client: 'misconfigured',
  unauthorized_client: 'misconfigured',
  unsupported_response_type: 'misconfigured',
  invalid_scope: 'misconfigured',
  invalid_request: 'misconfigured',
  server_error: 'unavailable',
  temporarily_unavailable: 'unavailable',
};

/** The codes with which openid-client says that something answered, but not the protocol. */
const NO_ANSWER = new Set([
  'OAUTH_TIMEOUT',
  'OAUTH_ABORT',
  'OAUTH_PARSE_ERROR',
  'OAUTH_RESPONSE_IS_NOT_JSON',
  'OAUTH_RESPONSE_IS_NOT_CONFORM',
]);

const CHALLENGED = 'The upstream does not take the client for itself: check client_id and secret.';

/** Translates any error of a trip to an upstream. The message is for the log: it holds no secret. */
export function refusalOf(
  kind: Pick<ConnectorKind, 'explain'>,
  error: unknown,
  upstream?: Upstream<Record<string, unknown>>,
): Refusal {
  const refusal = refusalBehind(error);
  if (refusal) return refusal;
  // A secret that cannot be read.
  if (error instanceof UsageError) return new Refusal('misconfigured', error.message);
  const answered = oauthErrorOf(error);
  if (answered) {
    const known = upstream && kind.explain?.(answered, upstream);
    const { reason, advice } = known ?? standardExplanation(answered);
    return new Refusal(reason, advice, { cause: error });
  }
  // Its words are lost to the library: a challenge answers who did not prove to be the client.
  if (error instanceof client.WWWAuthenticateChallengeError)
    return new Refusal('misconfigured', CHALLENGED, { cause: error });
  const code = codeOf(error);
  const reason =
    code?.startsWith('OAUTH_') && !NO_ANSWER.has(code) ? 'invalid_answer' : 'unavailable';
  return new Refusal(reason, `${code ?? 'no answer'}: ${messageOf(error)}`, { cause: error });
}

// A refusal of our own fetch comes wrapped in the library's error.
function refusalBehind(error: unknown, depth = 0): Refusal | undefined {
  if (error instanceof Refusal) return error;
  const cause = error instanceof Error ? error.cause : undefined;
  return cause && depth < 5 ? refusalBehind(cause, depth + 1) : undefined;
}

function oauthErrorOf(error: unknown): { error: string; description: string } | undefined {
  const isAnswer =
    error instanceof client.AuthorizationResponseError ||
    (error instanceof client.ResponseBodyError && error.status < 500);
  if (!isAnswer) return undefined;
  // The upstream's own words, which anybody may have put into the callback.
  return {
    error: error.error.slice(0, 100),
    description: (error.error_description ?? '').slice(0, 500),
  };
}

function standardExplanation({ error, description }: { error: string; description: string }) {
  const reason = REASONS[error] ?? 'refused';
  return { reason, advice: [error, description].filter(Boolean).join(': ') } satisfies Explanation;
}

function codeOf(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : undefined;
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  // The library says what, and its cause says where.
  const cause = error.cause instanceof Error ? ` (${error.cause.message})` : '';
  return `${error.message}${cause}`.slice(0, 300);
}
