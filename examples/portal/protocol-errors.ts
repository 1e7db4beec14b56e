// What the authorization server, or the way to it, said went wrong. RFC 6749 §4.1.2.1 and §5.2.
import {
  AuthorizationResponseError,
  ClientError,
  ResponseBodyError,
  WWWAuthenticateChallengeError,
} from 'openid-client';
import { AuthorizationServerUnreachable } from './authorization-server.ts';

export type ProtocolError = { error: string; error_description: string };

const UNREACHABLE: ProtocolError = {
  error: 'temporarily_unavailable',
  error_description: 'The authorization server cannot be reached. Try again in a moment.',
};

/** The error in the words of OAuth, or undefined when it is not one of the protocol. */
export function readProtocolError(error: unknown): ProtocolError | undefined {
  if (error instanceof AuthorizationResponseError || error instanceof ResponseBodyError) {
    return { error: error.error, error_description: error.error_description ?? '' };
  }
  if (error instanceof WWWAuthenticateChallengeError) return readChallenge(error);
  if (error instanceof AuthorizationServerUnreachable || isNetworkFailure(error)) {
    return UNREACHABLE;
  }
  if (error instanceof ClientError) {
    return {
      error: 'invalid_response',
      error_description: `The answer is wrong: ${error.message}`,
    };
  }
  return undefined;
}

function readChallenge({ cause, status }: WWWAuthenticateChallengeError): ProtocolError {
  const parameters = cause[0]?.parameters;
  return {
    error: parameters?.error ?? `http_${status}`,
    error_description: parameters?.error_description ?? '',
  };
}

function isNetworkFailure(error: unknown): boolean {
  if (error instanceof ClientError) return error.code === 'OAUTH_TIMEOUT';
  // fetch reports every connection problem as a TypeError with the reason in its cause.
  return error instanceof TypeError && error.cause !== undefined;
}
