// Creating an account for somebody, as an administrator does.
import { z } from 'zod';
import { AppError, invalidRequest } from '../errors.ts';
import { translatorOf } from '../http/i18n.ts';
import { type AccountRow, insertAccount } from '../storage/accounts.ts';
import { insertAuditEvents } from '../storage/audit-events.ts';
import type { Database } from '../storage/database.ts';
import { parseEmailAddress } from './email-address.ts';
import type { Passwords } from './passwords/passwords.ts';
import type { PasswordPolicy } from './passwords/policy.ts';
import { personName } from './person-name.ts';

export const roleName = z
  .string()
  .regex(
    /^[A-Za-z][A-Za-z0-9._:-]{0,63}$/,
    'A role must have 1 to 64 letters, digits, dots, colons, hyphens or underscores and begin with a letter.',
  );

const accountRequest = z.object({
  email: z.string().transform((text, check) => {
    const email = parseEmailAddress(text);
    if (!email) check.addIssue('The e-mail address must look like noor@example.com.');
    return email ?? '';
  }),
  givenName: personName.optional(),
  familyName: personName.optional(),
  roles: z.array(roleName),
  password: z.string(),
});

/**
 * Creates an active account in the running unit of work. Its address counts as verified: whoever
 * creates it vouches for it. `by` says in the audit trail who that was.
 * Throws 400 that says what is wrong, 409 when the address is taken.
 */
export async function createAccount(
  deps: { db: Database; passwords: Passwords; passwordProblem: PasswordPolicy },
  request: z.input<typeof accountRequest>,
  by: string,
): Promise<AccountRow> {
  const { success, data, error } = accountRequest.safeParse(request);
  if (!success) throw invalidRequest(error.issues.map(({ message }) => message).join(' '));
  const problem = await deps.passwordProblem(data.password, data);
  if (problem) throw invalidRequest(translatorOf('en')(problem.key, problem.values));
  const { password, ...person } = data;
  const passwordHash = await deps.passwords.hash(password);
  const account = await insertAccount(deps.db, {
    ...person,
    roles: [...new Set(person.roles)],
    emailVerified: true,
    passwordHash,
  }).catch((cause) => {
    throw cause.code === '23505' ? taken(person.email, cause) : cause;
  });
  await insertAuditEvents(deps.db, [
    { type: 'account.created', accountId: account.id, detail: { by } },
  ]);
  return account;
}

function taken(email: string, cause: unknown): AppError {
  return new AppError(409, 'conflict', `There is already an account with the address ${email}.`, {
    cause,
  });
}
