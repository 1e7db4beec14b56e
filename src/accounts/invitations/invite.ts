// Inviting somebody: the mail goes out with the commit. In the running unit of work.
import { z } from 'zod';
import type { SignUpConfig } from '../../config/sign-up.ts';
import { AppError, invalidRequest } from '../../errors.ts';
import { isLanguage, type Language } from '../../http/i18n.ts';
import type { Outbox } from '../../mail/outbox.ts';
import { type AccountRow, findAccountByEmail } from '../../storage/accounts.ts';
import { insertAuditEvents } from '../../storage/audit-events.ts';
import { findClient } from '../../storage/clients.ts';
import type { Database } from '../../storage/database.ts';
import {
  findInvitation,
  type InvitationRow,
  insertInvitation,
  renewInvitation,
  revokeInvitation,
} from '../../storage/invitations.ts';
import { roleName } from '../create-account.ts';
import { parseEmailAddress } from '../email-address.ts';
import { loadGroups } from '../groups.ts';

export interface InviteDeps {
  db: Database;
  issuer: string;
  outbox: Outbox;
  signUp: SignUpConfig;
}

const invitationRequest = z.object({
  email: z.string().transform((text, check) => {
    const email = parseEmailAddress(text);
    if (!email) check.addIssue('The e-mail address must look like noor@example.com.');
    return email ?? '';
  }),
  groups: z.array(z.string()),
  roles: z.array(roleName),
  message: z
    .string()
    .trim()
    .regex(/^\P{C}{1,500}$/u, 'A message must have 1 to 500 characters on one line.')
    .optional(),
  clientId: z.string().optional(),
  language: z.string().refine(isLanguage, 'The language must be en, de, fr, es or ja.').optional(),
});

/**
 * Invites an address. Throws 400 that says what is wrong, 403 when nobody can be let in, 409 when
 * the address has an account.
 */
export async function invite(
  deps: InviteDeps,
  inviter: AccountRow,
  request: z.input<typeof invitationRequest>,
  by: string,
): Promise<InvitationRow> {
  const { success, data, error } = invitationRequest.safeParse(request);
  if (!success) throw invalidRequest(error.issues.map(({ message }) => message).join(' '));
  expectInvitable(deps.signUp, data.email);
  const known = await findAccountByEmail(deps.db, data.email);
  // One that was never proven makes way for whoever accepts.
  if (known && known.state !== 'pending')
    throw new AppError(409, 'conflict', `${data.email} has an account already.`);
  const groups = await loadGroups(deps.db, data.groups);
  if (data.clientId !== undefined && !(await findClient(deps.db, data.clientId)))
    throw new AppError(404, 'not_found', `There is no client ${data.clientId}.`);
  const { invitation, token } = await insertInvitation(deps.db, {
    email: data.email,
    language: data.language ?? languageOf(inviter.preferred_language),
    group_ids: groups.map(({ id }) => id),
    roles: [...new Set(data.roles)],
    message: data.message ?? null,
    inviter_id: inviter.id,
    inviter_name: nameOf(inviter),
    client_id: data.clientId ?? null,
  });
  await sendInvitation(deps, invitation, token);
  await record(deps.db, 'invitation.created', invitation, by);
  return invitation;
}

/** Sends an invitation again, with a new link and its full time. Throws 409 when it was accepted. */
export async function resendInvitation(
  deps: InviteDeps,
  invitation: InvitationRow,
  by: string,
): Promise<void> {
  expectInvitable(deps.signUp, invitation.email);
  if (invitation.state === 'accepted') throw accepted(invitation);
  const token = await renewInvitation(deps.db, invitation.id);
  await sendInvitation(deps, invitation, token);
  await record(deps.db, 'invitation.resent', invitation, by);
}

/** Revokes an invitation: its link is void. Throws 409 when it was accepted. */
export async function withdrawInvitation(
  db: Database,
  invitation: InvitationRow,
  by: string,
): Promise<void> {
  if (invitation.state === 'accepted') throw accepted(invitation);
  if (await revokeInvitation(db, invitation.id))
    await record(db, 'invitation.revoked', invitation, by);
}

/** Loads an invitation by its id, or the newest one of an address. Throws 404 when there is none. */
export async function loadInvitation(db: Database, idOrEmail: string): Promise<InvitationRow> {
  const found = await findInvitation(db, idOrEmail.trim());
  if (found) return found;
  throw new AppError(404, 'not_found', `There is no invitation ${idOrEmail}.`);
}

/** Throws 403 when nobody may come in, or not with this address. */
export function expectInvitable(config: SignUpConfig, email: string): void {
  if (config.mode === 'closed')
    throw new AppError(403, 'forbidden', 'Invitations are off while GATEHOUSE_SIGN_UP is closed.', {
      key: 'invitation.closed',
    });
  const domain = email.slice(email.lastIndexOf('@') + 1).toLowerCase();
  if (config.domains.length > 0 && !config.domains.includes(domain))
    throw new AppError(
      403,
      'forbidden',
      `Accounts are for addresses of ${config.domains.join(', ')} only.`,
      { key: 'invitation.domain', values: { domains: config.domains.join(', ') } },
    );
}

function sendInvitation(
  { issuer, outbox }: InviteDeps,
  invitation: InvitationRow,
  token: string,
): Promise<void> {
  return outbox.queue({
    kind: 'invitation',
    to: invitation.email,
    language: languageOf(invitation.language),
    values: { inviter: invitation.inviter_name, message: invitation.message ?? '' },
    link: `${issuer}/invitation?token=${token}`,
  });
}

function record(db: Database, type: string, { id }: InvitationRow, by: string): Promise<void> {
  return insertAuditEvents(db, [{ type, detail: { by, invitation: id } }]);
}

function accepted({ email }: InvitationRow): AppError {
  return new AppError(409, 'conflict', `${email} has accepted the invitation already.`);
}

/** A stored language, or English. */
export function languageOf(stored: string | null): Language {
  return isLanguage(stored) ? stored : 'en';
}

function nameOf(account: AccountRow): string {
  return [account.given_name, account.family_name].filter(Boolean).join(' ') || account.email;
}
