// /applications/<id>/members: the team, who is invited to it, and leaving it.
import type Router from '@koa/router';
import type { Context } from 'koa';
import { z } from 'zod';
import { parseEmailAddress } from '../../accounts/email-address.ts';
import { mailLanguage, readOwnForm } from '../../accounts/self-care/self-care.ts';
import { AppError } from '../../errors.ts';
import { translate } from '../../http/i18n.ts';
import { momentOf } from '../../http/moments.ts';
import { listApplicationInvitations } from '../../storage/application-invitations.ts';
import { listMembers } from '../../storage/application-members.ts';
import { actorOf } from '../actor.ts';
import { doneNotice, goOnTo } from '../pages/developer-page.ts';
import {
  type OwnApplication,
  showApplicationPage,
  whenOwnApplication,
} from '../pages/own-application.ts';
import type { ApplicationPagesDeps } from '../pages/page-deps.ts';
import { inviteMember, MOST_MEMBERS, removeMember, revokeInvitation } from './team.ts';

const PATH = '/applications/:id/members';
const DONE = ['invited', 'revoked', 'removed', 'transferred'];
const inviteForm = z.object({ email: z.string().max(1000).default('') });
const revokeForm = z.object({ invitation: z.string().max(100) });
const removeForm = z.object({ account: z.string().max(100) });

/** Adds the routes. */
export function addMemberRoutes(router: Router, deps: ApplicationPagesDeps): void {
  router.get(
    PATH,
    whenOwnApplication(deps, (ctx, own) => show(ctx, deps, own, { email: '' })),
  );
  router.post(
    `${PATH}/invite`,
    whenOwnApplication(deps, (ctx, own) => invite(ctx, deps, own)),
  );
  router.post(
    `${PATH}/revoke`,
    whenOwnApplication(deps, async (ctx, own) => {
      const { invitation } = await readOwnForm(ctx, deps, own.person, revokeForm);
      await revokeInvitation(deps.db, memberActor(ctx, own), { ...own, id: invitation });
      goOnTo(ctx, pathOf(own), 'revoked');
    }),
  );
  router.post(
    `${PATH}/remove`,
    whenOwnApplication(deps, async (ctx, own) => {
      const { account } = await readOwnForm(ctx, deps, own.person, removeForm);
      expectOwner(own);
      await removeMember(deps.db, memberActor(ctx, own), { ...own, accountId: account });
      goOnTo(ctx, pathOf(own), 'removed');
    }),
  );
  router.post(
    `${PATH}/leave`,
    whenOwnApplication(deps, async (ctx, own) => {
      await readOwnForm(ctx, deps, own.person, z.object({}));
      const actor = memberActor(ctx, own);
      await removeMember(deps.db, actor, { ...own, accountId: actor.accountId });
      goOnTo(ctx, '/applications', 'left');
    }),
  );
}

/** Throws 403 for a co-owner: some things are the owner's alone. */
export function expectOwner({ application, person }: OwnApplication): void {
  if (application.ownerId === person.account.id) return;
  throw new AppError(403, 'forbidden', 'Only the owner of an application can do that.', {
    key: 'application.owner-only',
  });
}

/** The member as the one who acts. */
export function memberActor(ctx: Context, { person }: OwnApplication) {
  const accountId = person.account.id;
  return { ...actorOf(ctx, accountId), accountId };
}

const pathOf = ({ application }: OwnApplication) => `/applications/${application.id}/members`;

async function invite(
  ctx: Context,
  deps: ApplicationPagesDeps,
  own: OwnApplication,
): Promise<void> {
  const { person, application } = own;
  const { email: typed } = await readOwnForm(ctx, deps, person, inviteForm);
  const email = parseEmailAddress(typed);
  const error = await inviteProblem(ctx, deps, own, email);
  if (error) {
    ctx.status = ctx.status === 429 ? 429 : 400;
    return show(ctx, deps, own, { email: typed, error });
  }
  const { account } = person;
  const inviter = [account.given_name, account.family_name].filter(Boolean).join(' ');
  await inviteMember(deps, memberActor(ctx, own), {
    ...{ application, email: email ?? '', language: mailLanguage(ctx, person) },
    inviter: inviter || account.email,
  });
  goOnTo(ctx, pathOf(own), 'invited');
}

async function inviteProblem(
  ctx: Context,
  deps: ApplicationPagesDeps,
  { application, person }: OwnApplication,
  email: string | undefined,
): Promise<string | undefined> {
  const t = translate(ctx);
  if (!email) return t('sign-up.email-invalid');
  const members = await listMembers(deps.db, application.id);
  if (members.some((member) => member.email.toLowerCase() === email.toLowerCase()))
    return t('application.member-already');
  const seconds = await deps.memberInvitations.take(person.account.id);
  if (seconds === 0) return undefined;
  ctx.set('Retry-After', String(seconds));
  ctx.status = 429;
  return t('account.too-many-attempts', { seconds });
}

async function show(
  ctx: Context,
  deps: ApplicationPagesDeps,
  own: OwnApplication,
  form: { email: string; error?: string },
): Promise<void> {
  const { application, person } = own;
  const members = await listMembers(deps.db, application.id);
  const invitations = await listApplicationInvitations(deps.db, application.id);
  await showApplicationPage(ctx, deps, own, {
    view: 'application/members',
    section: 'members',
    notice: doneNotice(ctx, 'application', DONE),
    data: {
      members: members.map(({ accountId, name, email, joinedAt, isOwner }) => ({
        ...{ id: accountId, name, email, isOwner },
        joined: momentOf(ctx, joinedAt, { dateOnly: true }),
        isYou: accountId === person.account.id,
      })),
      invitations: invitations.map(({ id, email, expiresAt }) => ({
        ...{ id, email },
        until: momentOf(ctx, expiresAt),
      })),
      isOwner: application.ownerId === person.account.id,
      most: MOST_MEMBERS,
      email: form.email,
      error: form.error,
    },
  });
}
