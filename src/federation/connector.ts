// The contract of a connector kind. A kind is one file in kinds/ and one line in connectors.ts; it
// says what is peculiar to its upstream, and the flow around it is the same for all.
import type {
  Configuration,
  TokenEndpointResponse,
  TokenEndpointResponseHelpers,
} from 'openid-client';
import type { z } from 'zod';
import type { OutgoingFetch } from '../http/outgoing/outgoing-fetch.ts';
import type { CommonSettings } from './settings.ts';

/** What a kind's functions work with. `Own` are the settings of the kind itself. */
export interface Upstream<Own = unknown> {
  settings: CommonSettings & Own;
  /** Reads the secret that a setting refers to. Throws when there is none. */
  readSecret(reference: string): string;
  /** Every request to an upstream goes through it: bounded in time and size, and where it may go. */
  fetch: OutgoingFetch;
  /** The redirect URI of this connector. */
  redirectUri: string;
  /** http is allowed: the demo and tests. */
  insecure: boolean;
}

/** How far an address is to be believed. */
export type EmailTrust =
  /** It may be anybody's. */
  | 'none'
  /** The upstream saw a proof of it, once. */
  | 'verified'
  /** The upstream runs the mailbox or its domain. */
  | 'authoritative';

/** A person as an upstream describes them, after all its answers were validated. */
export interface UpstreamIdentity {
  /** With the subject, the key of the identity: never reassigned, never an address. */
  issuer: string;
  subject: string;
  email?: string | undefined;
  emailTrust: EmailTrust;
  /** The upstream says itself that it saw no proof of the address: no setting makes it believed. */
  emailUnproven?: boolean | undefined;
  givenName?: string | undefined;
  familyName?: string | undefined;
  /** What to call them where the two above are missing. */
  displayName?: string | undefined;
  /** A guest of the upstream's organization: their address says nothing of where they belong. */
  guest?: boolean | undefined;
  /**
   * Immutable ids of the upstream's groups. `unknown`: there are some, and they could not be had, so
   * nothing may be concluded from them. undefined: the upstream says nothing of groups.
   */
  groups?: string[] | 'unknown' | undefined;
  /** Values of the upstream's application roles. */
  roles?: string[] | undefined;
  /** The upstream's session, by which its sign-out messages name it. */
  sid?: string | undefined;
  /** What the upstream wants to hear at sign-out to know whom it is about. */
  logoutHint?: string | undefined;
  /** When the person proved who they are there, in seconds; only where the upstream says so. */
  authTime?: number | undefined;
  /** RFC 8176, where the upstream says so. */
  amr?: string[] | undefined;
}

/** What the request of our own client asks of the upstream. */
export interface AuthorizationHints {
  loginHint?: string | undefined;
  domainHint?: string | undefined;
  /** `login`: ask again; `select_account`; `create`: straight to sign-up. */
  prompt?: 'login' | 'select_account' | 'create' | undefined;
  /** In seconds. */
  maxAge?: number | undefined;
  uiLocales?: string | undefined;
}

export type Tokens = TokenEndpointResponse & TokenEndpointResponseHelpers;

export interface ConnectorKind<Own extends z.ZodRawShape = z.ZodRawShape> {
  /** What the button and the list of kinds call it, before an administrator names it. */
  title: string;
  /** The settings that only this kind has, with their defaults. */
  settings: Own;
  /** What is wrong with settings that are each right, taken together: `name: what to do`. */
  problems?(settings: CommonSettings & z.infer<z.ZodObject<Own>>): string[];
  /** The scopes that are asked for, unless the settings name others. */
  scopes: string[];
  /**
   * `oidc`: an ID token with our nonce is required. `nonce-if-present`: an ID token, whose nonce is
   * checked when there is one. `oauth2`: no ID token; the identity comes from an API.
   */
  protocol: 'oidc' | 'nonce-if-present' | 'oauth2';
  /** False where the upstream rejects RFC 7636. */
  pkce?: boolean;
  /** `form_post`: the answer comes as a cross-site POST. */
  responseMode?: 'form_post';
  /**
   * Finds endpoints, keys and issuer, and prepares the client's authentication. Runs for each
   * sign-in; the documents that it reads are kept for an hour.
   */
  configure(upstream: Upstream<z.infer<z.ZodObject<Own>>>): Promise<Configuration>;
  /** Parameters of the authorization request beyond client, redirect URI, scope, state, nonce and PKCE. */
  authorizationParameters?(
    upstream: Upstream<z.infer<z.ZodObject<Own>>>,
    hints: AuthorizationHints,
  ): Record<string, string>;
  /** Who it is. Throws a Refusal when the settings do not let this identity in. */
  readIdentity(
    upstream: Upstream<z.infer<z.ZodObject<Own>>>,
    answer: {
      configuration: Configuration;
      tokens: Tokens;
      /** The fields of the callback: an unsigned hint that the person may have written. */
      callback: URLSearchParams;
    },
  ): Promise<UpstreamIdentity>;
  /** What an error of the authorization or token endpoint means; undefined: what the standard says. */
  explain?(
    error: UpstreamError,
    upstream: Upstream<z.infer<z.ZodObject<Own>>>,
  ): Explanation | undefined;
  /** Whether a person who signs out here can sign out there too (RP-Initiated Logout). */
  endSession?(
    upstream: Upstream<z.infer<z.ZodObject<Own>>>,
    session: { configuration: Configuration; logoutHint?: string; idToken?: string; state: string },
  ): URL | undefined;
}

/** The OAuth error that an upstream answered with (RFC 6749 sections 4.1.2.1 and 5.2). */
export interface UpstreamError {
  error: string;
  description: string;
}

/** Why nobody was signed in: the audit trail says it so, and the page shows the text of that name. */
export const REFUSAL_REASONS = [
  /** The person turned back. */
  'cancelled',
  /** It could not be reached, took too long, or answered something other than its protocol. */
  'unavailable',
  /** Its answer is not valid: signature, issuer, nonce, state, times. */
  'invalid_answer',
  /** It refused for a reason of its own. */
  'refused',
  /** An administrator of the upstream's organization must allow this application first. */
  'admin_consent_required',
  /** The account may not use this application, or is of the wrong organization or kind. */
  'not_admitted',
  /** This connector is set up wrongly: secret, redirect URI, client. */
  'misconfigured',
  /** The person must do something there, or sign in there anew. */
  'interaction_required',
  /** The account here is blocked. */
  'blocked',
  /** An administrator has yet to approve the account. */
  'waiting',
  /** Nobody gets an account this way. */
  'no_new_accounts',
  'by_invitation',
  /** Addresses of this domain may not sign up. */
  'domain_not_allowed',
  /** The proven address has an account, and the connector's policy links nothing. */
  'address_taken',
  /** People of this domain sign in with another connector. */
  'other_connector',
  /** Whoever proved to own an account owns another one. */
  'wrong_account',
  /** The identity is another account's. */
  'identity_taken',
] as const;
export type RefusalReason = (typeof REFUSAL_REASONS)[number];

export interface Explanation {
  reason: RefusalReason;
  /** For the log and the administrator: what to do about it. Nothing of it reaches the page. */
  advice: string;
}

/** Thrown where an upstream, or our settings for it, do not let somebody in. */
export class Refusal extends Error {
  readonly reason: RefusalReason;

  /** `message` is the advice for the log. */
  constructor(reason: RefusalReason, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'Refusal';
    this.reason = reason;
  }
}
