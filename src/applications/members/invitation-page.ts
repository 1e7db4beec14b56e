// /applications/invitations: where the link of an invitation leads. Opening it changes nothing, for
// mail scanners open links, too.
import type Router from '@koa/router';
import type { Context } from 'koa';
import { z } from 'zod';
import { readOwnForm, whenSignedIn } from '../../accounts/self-care/self-care.ts';
import type { SignedIn } from '../../accounts/self-care/signed-in.ts';
import { AppError } from '../../errors.ts';
import type { ApplicationViews } from '../../http/views/application.ts';
import { findAccountById } from '../../storage/accounts.ts';
import { findApplicationInvitation } from '../../storage/application-invitations.ts';
import { findApplication } from '../../storage/applications.ts';
import { currentUnitOfWork } from '../../storage/unit-of-work.ts';
import { actorOf } from '../actor.ts';
import { developerPage, goOnTo } from '../pages/developer-page.ts';
import type { ApplicationPagesDeps } from '../pages/page-deps.ts';
import { isFor, joinApplication } from './team.ts';

const PATH = '/applications/invitations';
const TOKEN = /^[A-Za-z0-9_-]{43}$/;
const form = z.object({ token: z.string().max(100).default('') });

type InvitationPage = Omit<
  ApplicationViews['application/invitation'],
  'account' | 'csrf' | 'notice'
>;
const VOID: InvitationPage = { state: 'void', token: '', application: '', inviter: '' };

/** Adds the routes. */
export function addInvitationRoutes(router: Router, deps: ApplicationPagesDeps): void {
  router.get(
    PATH,
    whenSignedIn(deps, async (ctx, person) => {
      const { token } = ctx.query;
      const page = await describeLink(deps, person, typeof token === 'string' ? token : '');
      show(ctx, deps, person, page);
    }),
  );
  router.post(
    PATH,
    whenSignedIn(deps, async (ctx, person) => {
      const { token } = await readOwnForm(ctx, deps, person, form);
      const { id: accountId, email, email_verified } = person.account;
      if (!TOKEN.test(token) || !email_verified) return show(ctx, deps, person, VOID);
      const actor = { ...actorOf(ctx, accountId), accountId };
      try {
        const { applicationId } = await joinApplication(deps.db, actor, { token, email });
        goOnTo(ctx, `/applications/${applicationId}`, 'joined');
      } catch (error) {
        if (!(error instanceof AppError && error.status === 410)) throw error;
        // It is for somebody else, and must stay good for them.
        await currentUnitOfWork()?.rollback();
        show(ctx, deps, person, await describeLink(deps, person, token));
      }
    }),
  );
}

async function describeLink(
  deps: ApplicationPagesDeps,
  { account }: SignedIn,
  token: string,
): Promise<InvitationPage> {
  const invitation = TOKEN.test(token)
    ? await findApplicationInvitation(deps.db, token)
    : undefined;
  const application = invitation && (await findApplication(deps.db, invitation.applicationId));
  if (!invitation || !application || application.eraseAt) return VOID;
  // Whoever was sent the link of somebody else learns nothing of what it is for.
  if (!account.email_verified || !isFor(invitation, account.email))
    return { ...VOID, state: 'other-address' };
  const inviter = await findAccountById(deps.db, invitation.invitedBy);
  const name = [inviter?.given_name, inviter?.family_name].filter(Boolean).join(' ');
  return {
    ...{ state: 'open', token, application: application.name },
    inviter: name || inviter?.email || '',
  };
}

function show(
  ctx: Context,
  deps: ApplicationPagesDeps,
  person: SignedIn,
  page: InvitationPage,
): void {
  if (page.state === 'void') ctx.status = 410;
  if (page.state === 'other-address') ctx.status = 403;
  deps.render(ctx, 'application/invitation', { ...developerPage(ctx, deps, person), ...page });
}
