// Who came back from the authorization server, in the portal's own terms.
import type { Account } from './sessions.ts';

const ADMIN_ROLE = 'admin';

/** Reads an account from the claims of the ID token and userinfo together. */
export function readAccount(claims: Record<string, unknown> & { sub: string }): Account {
  const { sub, name, given_name, email, roles } = claims;
  const email_ = typeof email === 'string' ? email : undefined;
  const names = [name, given_name, email_].filter((value) => typeof value === 'string');
  return {
    sub,
    name: names.find((value) => value.trim() !== '') ?? sub,
    email: email_,
    roles: Array.isArray(roles) ? roles.filter((role) => typeof role === 'string') : [],
    claims,
  };
}

/** Whether this account may change the settings of the portal. */
export function isAdmin(account: Account | undefined): boolean {
  return account?.roles.includes(ADMIN_ROLE) ?? false;
}
