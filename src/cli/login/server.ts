// The server as its OAuth client sees it: discovered once a command, spoken to by openid-client.
import * as oauth from 'openid-client';
import { ownResource } from '../../catalog/own-api.ts';
import { UsageError } from '../../errors.ts';
import type { Credentials } from './credentials-file.ts';

const CLIENT_ID = 'c_gatehouse-cli';

/** Reads the discovery document. Throws a UsageError when no Gatehouse answers there. */
export async function discover(issuer: string): Promise<oauth.Configuration> {
  const insecure = issuer.startsWith('http:') ? [oauth.allowInsecureRequests] : [];
  try {
    return await oauth.discovery(new URL(issuer), CLIENT_ID, undefined, oauth.None(), {
      execute: insecure,
      timeout: 15,
    });
  } catch (cause) {
    throw new UsageError(
      `${issuer} cannot be reached, or no authorization server is there (${reason(cause)}).`,
      { cause },
    );
  }
}

export interface SignInRequest {
  url: URL;
  state: string;
  /** Redeems what the browser brought back to the redirect URI. */
  finish(callback: URL): Promise<Credentials>;
}

/** Prepares a sign-in with PKCE and state; the token will be for the server's own API. */
export async function beginSignIn(
  server: oauth.Configuration,
  { redirectUri, scopes }: { redirectUri: string; scopes: string[] },
): Promise<SignInRequest> {
  const verifier = oauth.randomPKCECodeVerifier();
  const state = oauth.randomState();
  const resource = resourceOf(server);
  const url = oauth.buildAuthorizationUrl(server, {
    redirect_uri: redirectUri,
    scope: ['openid', 'offline_access', ...scopes].join(' '),
    ...{ resource, state, prompt: 'consent' },
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
  });
  return {
    ...{ url, state },
    async finish(callback) {
      const checks = { pkceCodeVerifier: verifier, expectedState: state, idTokenExpected: true };
      const tokens = await answerOf(
        oauth.authorizationCodeGrant(server, callback, checks, { resource }),
      );
      return toCredentials(tokens);
    },
  };
}

/** Uses the refresh token, which is replaced. Returns undefined when it is worth nothing any more. */
export async function refresh(
  server: oauth.Configuration,
  credentials: Credentials,
): Promise<Credentials | undefined> {
  try {
    const resource = resourceOf(server);
    return toCredentials(
      await oauth.refreshTokenGrant(server, credentials.refresh_token, { resource }),
      credentials,
    );
  } catch (error) {
    if (error instanceof oauth.ResponseBodyError && error.error === 'invalid_grant')
      return undefined;
    throw new UsageError(`The server did not renew the access token (${reason(error)}).`, {
      cause: error,
    });
  }
}

/** Ends what the refresh token stands for, at the server. */
export function revoke(server: oauth.Configuration, credentials: Credentials): Promise<void> {
  return answerOf(oauth.tokenRevocation(server, credentials.refresh_token));
}

/** Where tokens are fetched. */
export function tokenEndpointOf(server: oauth.Configuration): string {
  return server.serverMetadata().token_endpoint ?? '';
}

function resourceOf(server: oauth.Configuration): string {
  return ownResource(server.serverMetadata().issuer);
}

function toCredentials(
  tokens: oauth.TokenEndpointResponse & oauth.TokenEndpointResponseHelpers,
  before?: Credentials,
): Credentials {
  const refreshToken = tokens.refresh_token ?? before?.refresh_token;
  if (!refreshToken) throw new UsageError('The server gave no refresh token: sign in again.');
  return {
    access_token: tokens.access_token,
    expires_at: Math.floor(Date.now() / 1000) + (tokens.expiresIn() ?? 60),
    refresh_token: refreshToken,
    scope: tokens.scope ?? before?.scope ?? '',
  };
}

async function answerOf<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (cause) {
    throw new UsageError(`The server refused (${reason(cause)}).`, { cause });
  }
}

function reason(error: unknown): string {
  if (error instanceof oauth.AuthorizationResponseError || error instanceof oauth.ResponseBodyError)
    return error.error_description ?? error.error;
  const cause = error instanceof Error ? error.cause : undefined;
  if (cause instanceof Error && 'code' in cause) return String(cause.code);
  return error instanceof Error ? error.message : String(error);
}
