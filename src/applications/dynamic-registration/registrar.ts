// Who may register a client: the bearer of an initial access token of ours, or a client with an access
// token of the scope client:register, as Gravitee sends.
import type { Context } from 'koa';
import { findUsableAccount } from '../../accounts/account.ts';
import { REGISTRATION_SCOPE } from '../../catalog/own-api.ts';
import { AppError } from '../../errors.ts';
import type { Database } from '../../storage/database.ts';
import { findPolicyInForce, type RegistrationPolicy } from '../../storage/registration-policies.ts';
import { hashClientSecret } from '../registration/client-secrets.ts';
import { invalidToken } from './registration-errors.ts';

export const INITIAL_PREFIX = 'gh_iat_';
export const MANAGEMENT_PREFIX = 'gh_rat_';

/** What an access token for our own API stands for; see oidc/own-api-tokens.ts. */
export type VerifyToken = (
  token: string,
) => Promise<{ clientId: string; account: unknown; scopes: string[] } | undefined>;

interface RegistrarDeps {
  db: Database;
  hashKeys: Buffer[];
  verify: VerifyToken;
}

/** The bearer token of a request. Throws 401 when there is none. RFC 6750 section 2.1. */
export function bearerOf(ctx: Context): string {
  const [, token] = /^bearer +([A-Za-z0-9._~+/-]+=*)$/i.exec(ctx.get('Authorization')) ?? [];
  if (token !== undefined) return token;
  throw new AppError(
    401,
    'invalid_token',
    'Send the token that lets you register or manage a client as "Authorization: Bearer <token>".',
    { headers: { 'WWW-Authenticate': 'Bearer' } },
  );
}

/** The policy that a token lets its bearer register under. Throws 401, 403. */
export async function policyOf(deps: RegistrarDeps, token: string): Promise<RegistrationPolicy> {
  const policy = token.startsWith(INITIAL_PREFIX)
    ? await findPolicyInForce(deps.db, { hashes: hashesOf(deps.hashKeys, token) })
    : await policyOfAccessToken(deps, token);
  if (!policy) throw invalidToken('The token is unknown, used up, revoked or expired.');
  if (!(await findUsableAccount(deps.db, policy.owner_id)))
    throw invalidToken('The account that would own the client is blocked or deleted.');
  return policy;
}

/** The hashes that a token may be stored under. */
export function hashesOf(keys: Buffer[], token: string): Buffer[] {
  return keys.map((key) => hashClientSecret(key, token));
}

async function policyOfAccessToken(
  { db, verify }: RegistrarDeps,
  token: string,
): Promise<RegistrationPolicy | undefined> {
  const found = await verify(token);
  if (!found) return undefined;
  if (!found.scopes.includes(REGISTRATION_SCOPE) || found.account !== undefined)
    throw new AppError(
      403,
      'insufficient_scope',
      `Registering needs an access token that a client got for itself with the scope ${REGISTRATION_SCOPE}.`,
      {
        headers: {
          'WWW-Authenticate': `Bearer error="insufficient_scope", scope="${REGISTRATION_SCOPE}"`,
        },
      },
    );
  const policy = await findPolicyInForce(db, { clientId: found.clientId });
  if (policy) return policy;
  throw new AppError(
    403,
    'access_denied',
    `Nothing says whose the clients are that ${found.clientId} registers: \`gatehouse registration-tokens create --client ${found.clientId} --owner ...\`.`,
  );
}
