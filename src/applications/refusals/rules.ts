// The rules that refuse a request, as stable codes, and where their remedy is. The sentences of each
// are `refusal.<rule>-what` and `refusal.<rule>-do`, with hyphens.

/** Where an owner changes what was refused. */
type Place = 'subscriptions' | 'credentials' | 'redirect-uris' | 'application' | 'usage' | 'code';

export const RULES = {
  scope_not_subscribed: 'subscriptions',
  scope_unknown: 'code',
  api_not_subscribed: 'subscriptions',
  api_unknown: 'code',
  api_ambiguous: 'code',
  api_suspended: 'subscriptions',
  subscription_waiting: 'subscriptions',
  subscription_suspended: 'subscriptions',
  environment_mismatch: 'credentials',
  secret_unknown: 'credentials',
  secret_expired: 'credentials',
  secret_suspended: 'credentials',
  credential_missing: 'credentials',
  auth_method_mismatch: 'credentials',
  key_unknown: 'credentials',
  assertion_invalid: 'code',
  assertion_reused: 'code',
  clock_skew: 'code',
  code_unknown: 'code',
  code_expired: 'code',
  code_used: 'code',
  refresh_unknown: 'code',
  refresh_used: 'code',
  grant_revoked: 'code',
  account_unusable: 'code',
  pkce_missing: 'code',
  pkce_mismatch: 'code',
  redirect_uri_mismatch: 'redirect-uris',
  response_type_unsupported: 'code',
  grant_type_not_allowed: 'code',
  sign_in_required: 'code',
  declined: 'code',
  quota_exceeded: 'usage',
  application_suspended: 'application',
  application_disabled: 'application',
  application_deleted: 'application',
  owner_blocked: 'application',
  request_invalid: 'code',
} as const satisfies Record<string, Place>;

export type Rule = keyof typeof RULES;

/** True for a rule of this release; another node may run the next one. */
export function isRule(text: string): text is Rule {
  return text in RULES;
}
