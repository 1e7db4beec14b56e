// Who came back from the authorization server, in the portal's own terms.
import type { Account } from './sessions.ts';

const ADMIN_ROLE = 'admin';

type Claims = { sub: string; nonce?: unknown } & Record<string, unknown>;

/** Reads an account from the claims of the ID token and userinfo together. */
export function readAccount({ nonce: _spent, ...claims }: Claims): Account {
  const { sub, name, given_name, email, roles } = claims;
  const names = [name, given_name, email].filter((value) => typeof value === 'string');
  return {
    sub,
    name: names.find((value) => value.trim() !== '') ?? sub,
    email: typeof email === 'string' ? email : undefined,
    roles: Array.isArray(roles) ? roles.filter((role) => typeof role === 'string') : [],
    claims,
  };
}

/** Whether this account may change the settings of the portal. */
export function isAdmin(account: Account | undefined): boolean {
  return account?.roles.includes(ADMIN_ROLE) ?? false;
}
