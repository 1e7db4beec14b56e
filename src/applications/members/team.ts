// Who looks after an application: co-owners come by invitation and go when they or the owner say so.
import { AppError, notFound } from '../../errors.ts';
import type { Language } from '../../http/i18n.ts';
import type { Outbox } from '../../mail/outbox.ts';
import {
  type ApplicationInvitation,
  findApplicationInvitation,
  insertApplicationInvitation,
  listApplicationInvitations,
  redeemApplicationInvitation,
  revokeApplicationInvitation,
  revokeApplicationInvitations,
} from '../../storage/application-invitations.ts';
import {
  changeOwner,
  countMembers,
  deleteMember,
  insertMember,
  type Member,
} from '../../storage/application-members.ts';
import { type Application, lockApplication } from '../../storage/applications.ts';
import type { Database } from '../../storage/database.ts';
import type { Actor } from '../actor.ts';
import { record } from '../record.ts';

/** The owner among them. */
export const MOST_MEMBERS = 20;

export interface TeamDeps {
  db: Database;
  outbox: Outbox;
  issuer: string;
}

type AccountActor = Actor & { accountId: string };

/**
 * Invites an address to look after the application. An invitation that it has is replaced. Throws
 * 409 when there are as many members and invitations as there may be.
 */
export async function inviteMember(
  { db, outbox, issuer }: TeamDeps,
  actor: AccountActor,
  invitation: { application: Application; email: string; inviter: string; language: Language },
): Promise<void> {
  const { application, email, inviter, language } = invitation;
  await expectRoomFor(db, application.id, email);
  const applicationId = application.id;
  const invitedBy = actor.accountId;
  const token = await insertApplicationInvitation(db, { applicationId, email, invitedBy });
  await outbox.queue({
    ...{ kind: 'application-invitation', to: email, language },
    values: { inviter, application: application.name },
    link: `${issuer}/applications/invitations?token=${token}`,
  });
  await record(db, actor, { type: 'application.member-invited', applicationId });
}

async function expectRoomFor(db: Database, applicationId: string, email: string): Promise<void> {
  await lockApplication(db, applicationId);
  const invited = await listApplicationInvitations(db, applicationId);
  const others = invited.filter((one) => one.email.toLowerCase() !== email.toLowerCase());
  if ((await countMembers(db, applicationId)) + others.length >= MOST_MEMBERS) throw teamIsFull();
}

/** Takes an invitation back. Throws 404 when the application has none of that id. */
export async function revokeInvitation(
  db: Database,
  actor: AccountActor,
  { application, id }: { application: Application; id: string },
): Promise<void> {
  if (!(await revokeApplicationInvitation(db, application.id, id))) throw notFound();
  await record(db, actor, {
    type: 'application.invitation-revoked',
    applicationId: application.id,
  });
}

/**
 * Redeems the link of an invitation for the account whose proven address it was sent to. Throws 410
 * for a link that is used, revoked, expired or somebody else's: it is then as good as before.
 */
export async function joinApplication(
  db: Database,
  actor: AccountActor,
  { token, email }: { token: string; email: string },
): Promise<ApplicationInvitation> {
  const found = await findApplicationInvitation(db, token);
  if (!found || !isFor(found, email)) throw linkVoid();
  const { applicationId } = found;
  // The application before the invitation, as all who revoke invitations do.
  const application = await lockApplication(db, applicationId);
  if (!application || application.eraseAt) throw linkVoid();
  const invitation = await redeemApplicationInvitation(db, token);
  if (!invitation) throw linkVoid();
  if ((await countMembers(db, applicationId)) >= MOST_MEMBERS) throw teamIsFull();
  if (await insertMember(db, applicationId, actor.accountId))
    await record(db, actor, {
      type: 'application.member-joined',
      applicationId,
      data: { member_id: actor.accountId },
    });
  return invitation;
}

/** Whether an invitation was sent to this address. */
export function isFor(invitation: ApplicationInvitation, email: string): boolean {
  return invitation.email.toLowerCase() === email.toLowerCase();
}

/**
 * Takes a co-owner off the team, with the invitations that they sent. Throws 404 when they are none;
 * the owner is not to be removed.
 */
export async function removeMember(
  db: Database,
  actor: AccountActor,
  { application, accountId }: { application: Application; accountId: string },
): Promise<void> {
  await lockApplication(db, application.id);
  if (!(await deleteMember(db, application.id, accountId))) throw notFound();
  await revokeApplicationInvitations(db, { applicationId: application.id, invitedBy: accountId });
  await record(db, actor, {
    type: actor.accountId === accountId ? 'application.member-left' : 'application.member-removed',
    applicationId: application.id,
    data: { member_id: accountId },
  });
}

/** Makes a co-owner the owner. Throws 404 when they are none, or the actor is not the owner. */
export async function transferApplication(
  db: Database,
  actor: AccountActor,
  { application, to }: { application: Application; to: Member },
): Promise<void> {
  const from = actor.accountId;
  // Whoever leaves at the same time has left before it is asked who is a member.
  await lockApplication(db, application.id);
  if (!(await changeOwner(db, application.id, { from, to: to.accountId }))) throw notFound();
  await record(db, actor, {
    type: 'application.owner-changed',
    applicationId: application.id,
    data: { from, to: to.accountId },
  });
}

function teamIsFull(): AppError {
  return new AppError(
    409,
    'limit_reached',
    `An application has at most ${MOST_MEMBERS} members and invitations.`,
    { key: 'application.team-full', values: { most: MOST_MEMBERS } },
  );
}

function linkVoid(): AppError {
  return new AppError(410, 'invalid_request', 'This invitation is not good any more.', {
    key: 'application.invitation-void',
  });
}
