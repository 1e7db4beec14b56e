// Accepting an invitation: the link proves the address, and the account comes into being.
import type { SignUpConfig } from '../../config/sign-up.ts';
import { AppError } from '../../errors.ts';
import {
  type AccountRow,
  deleteAccountRow,
  findAccountByEmail,
  insertAccount,
} from '../../storage/accounts.ts';
import { insertAuditEvents } from '../../storage/audit-events.ts';
import type { Database } from '../../storage/database.ts';
import { addToGroups, findGroupsById } from '../../storage/groups.ts';
import {
  type InvitationRow,
  noteAskedAgain,
  redeemInvitation,
  settleInvitation,
} from '../../storage/invitations.ts';
import { destroyPayloadsOfAccount } from '../../storage/oidc-payloads.ts';
import { deleteSignUpsOf } from '../../storage/sign-ups.ts';
import { expectInvitable } from './invite.ts';

/** Who accepts, and how they will sign in from now on. */
export type Acceptance = {
  givenName: string | undefined;
  familyName: string | undefined;
  language: string;
} & (
  | { passwordHash: string }
  /** Gives the new account its identity, in the same unit of work. */
  | { linkIdentity: (account: AccountRow) => Promise<void> }
);

/**
 * Redeems the invitation and creates an active account, in the running unit of work. Whatever a
 * stranger planted for the address (a sign-up, an account that was never proven) is dropped.
 * Throws 400 when the link is void, 403 when nobody may come in, 409 when the address has an account.
 */
export async function acceptInvitation(
  deps: { db: Database; signUp: SignUpConfig },
  token: string,
  acceptance: Acceptance,
): Promise<{ account: AccountRow; invitation: InvitationRow }> {
  const { db } = deps;
  const invitation = await redeemInvitation(db, token);
  if (!invitation) throw linkVoid();
  const { email, roles, group_ids } = invitation;
  expectInvitable(deps.signUp, email);
  await dropUnproven(db, email);
  const account = await insertAccount(db, {
    email,
    emailVerified: true,
    givenName: acceptance.givenName,
    familyName: acceptance.familyName,
    roles,
    preferredLanguage: acceptance.language,
    ...('passwordHash' in acceptance ? { passwordHash: acceptance.passwordHash } : {}),
  }).catch((cause) => {
    throw cause.code === '23505' ? addressTaken(cause) : cause;
  });
  if ('linkIdentity' in acceptance) await acceptance.linkIdentity(account);
  // A group may have been deleted since.
  const groups = await findGroupsById(db, group_ids);
  await addToGroups(
    db,
    account.id,
    groups.map(({ id }) => id),
  );
  await settleInvitation(db, invitation, account.id);
  await insertAuditEvents(db, [
    { type: 'invitation.accepted', accountId: account.id, detail: { invitation: invitation.id } },
  ]);
  return { account, invitation };
}

/** Tells the inviter that the holder of an expired link asks for a new one. False: nobody is told. */
export async function askForInvitation(
  db: Database,
  token: string,
): Promise<{ inviterId: string } | undefined> {
  const asked = await noteAskedAgain(db, token);
  if (asked)
    await insertAuditEvents(db, [
      { type: 'invitation.asked-again', detail: { invitation: asked.invitationId } },
    ]);
  return asked;
}

async function dropUnproven(db: Database, email: string): Promise<void> {
  await deleteSignUpsOf(db, email);
  const known = await findAccountByEmail(db, email);
  if (!known) return;
  // One that is blocked stays so: an invitation is no way around that.
  if (known.state !== 'pending') throw addressTaken();
  await destroyPayloadsOfAccount(db, known.id);
  await deleteAccountRow(db, known.id);
  await insertAuditEvents(db, [
    { type: 'account.erased', accountId: known.id, detail: { by: 'invitation' } },
  ]);
}

/** A link that was used, revoked, replaced, has expired, or was never sent. */
function linkVoid(): AppError {
  return new AppError(400, 'invalid_request', 'This invitation was used already, or is void.', {
    key: 'invitation.void',
  });
}

function addressTaken(cause?: unknown): AppError {
  return new AppError(409, 'conflict', 'This address has an account already. Sign in with it.', {
    cause,
    key: 'invitation.address-taken',
  });
}
