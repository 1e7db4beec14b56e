// The access token of a request to the developer's API: from the Authorization header only (RFC 6750
// section 2.1), never a cookie, so that no page of another site can act for anybody.
import type { Context } from 'koa';
import type { Account } from '../accounts/account.ts';
import { ownResource } from '../catalog/own-api.ts';
import { AppError } from '../errors.ts';

/** What a valid token stands for. See oidc/own-api-tokens.ts. */
export interface Bearer {
  clientId: string;
  account: Account | undefined;
  scopes: string[];
}

export type VerifyBearer = (token: string) => Promise<Bearer | undefined>;

/**
 * Reads who calls. Throws 401 without a token that is valid here, 403 naming the scope that it
 * lacks, each with its challenge (RFC 6750 section 3).
 */
export async function readBearer(
  ctx: Context,
  { verify, issuer, scope }: { verify: VerifyBearer; issuer: string; scope: string },
): Promise<Bearer & { account: Account }> {
  const realm = ownResource(issuer);
  const header = ctx.get('Authorization');
  if (header === '') {
    const sentence = `Send an access token for ${realm} as "Authorization: Bearer <token>".`;
    throw refusal(401, 'authentication_required', sentence, { realm });
  }
  const [, token] = /^bearer +([A-Za-z0-9._~+/-]+=*)$/i.exec(header) ?? [];
  const bearer = token === undefined ? undefined : await verify(token);
  if (!bearer) {
    const sentence =
      'The access token is not one for this API, has expired, or its account or client may not be used any more.';
    throw refusal(401, 'invalid_token', sentence, { realm, error: 'invalid_token' });
  }
  if (!bearer.scopes.includes(scope)) throw insufficientScope(issuer, scope);
  const { account } = bearer;
  if (account) return { ...bearer, account };
  throw new AppError(
    403,
    'forbidden',
    'This is about a person’s own things: use an access token that a person allowed.',
  );
}

/** The refusal of a token that lacks a scope, which it names (RFC 6750 section 3.1). */
export function insufficientScope(issuer: string, scope: string): AppError {
  const sentence = `This needs an access token with the scope ${scope}.`;
  const error = 'insufficient_scope';
  return refusal(403, error, sentence, { realm: ownResource(issuer), error, scope });
}

function refusal(
  status: number,
  code: string,
  sentence: string,
  challenge: Record<string, string>,
): AppError {
  const parameters = challenge['error'] ? { ...challenge, error_description: sentence } : challenge;
  const text = Object.entries(parameters).map(([name, value]) => `${name}="${quote(value)}"`);
  return new AppError(status, code, sentence, {
    headers: { 'WWW-Authenticate': `Bearer ${text.join(', ')}` },
  });
}

function quote(value: string): string {
  return value.replace(/["\\]/g, '');
}
