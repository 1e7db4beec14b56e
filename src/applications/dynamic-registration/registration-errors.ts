// Refusals of dynamic client registration (RFC 7591 section 3.2.2), each with a sentence.
import { AppError } from '../../errors.ts';

/** A value of a redirect URI that is not taken. */
export function invalidRedirectUri(message: string): AppError {
  return new AppError(400, 'invalid_redirect_uri', message);
}

/** Any other value that is not taken. */
export function invalidMetadata(message: string): AppError {
  return new AppError(400, 'invalid_client_metadata', message);
}

/** A bearer token that opens nothing here. RFC 6750 section 3.1. */
export function invalidToken(message: string): AppError {
  const challenge = `Bearer error="invalid_token", error_description="${message}"`;
  return new AppError(401, 'invalid_token', message, {
    headers: { 'WWW-Authenticate': challenge },
  });
}

/** Runs a step of ours that other doors share, whose refusals of a field get their names here. */
export async function inRegistrationWords<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof AppError) || error.status !== 400) throw error;
    if (/redirect URI/i.test(error.message)) throw invalidRedirectUri(error.message);
    throw error.code === 'invalid_request' ? invalidMetadata(error.message) : error;
  }
}
