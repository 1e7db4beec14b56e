// What programs get to see of an account.
import type { AccountRow } from '../../storage/accounts.ts';

/** An account as --json shows it. */
export function describeAccount(row: AccountRow) {
  const { id, email, email_verified, given_name, family_name, roles, state, created_at } = row;
  return {
    ...{ id, email, email_verified, given_name, family_name, roles, state },
    approval: row.approval,
    has_password: row.password_hash !== null,
    created_at,
  };
}
