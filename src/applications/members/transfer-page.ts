// /applications/<id>/members/transfer: another co-owner becomes the owner. It takes the owner's proof,
// and both are told by mail.
import type Router from '@koa/router';
import type { Context } from 'koa';
import { z } from 'zod';
import { proofProblem, readOwnForm } from '../../accounts/self-care/self-care.ts';
import { notFound } from '../../errors.ts';
import { isLanguage, languageOf } from '../../http/i18n.ts';
import { listMembers, type Member } from '../../storage/application-members.ts';
import { expectRoom } from '../create-application.ts';
import { goOnTo } from '../pages/developer-page.ts';
import {
  type OwnApplication,
  showApplicationPage,
  whenOwnApplication,
} from '../pages/own-application.ts';
import type { ApplicationPagesDeps } from '../pages/page-deps.ts';
import { expectOwner, memberActor } from './members-page.ts';
import { transferApplication } from './team.ts';

const PATH = '/applications/:id/members/transfer';
const form = z.object({
  account: z.string().max(100),
  password: z.string().max(4096).default(''),
});

/** Adds the routes. */
export function addTransferRoutes(router: Router, deps: ApplicationPagesDeps): void {
  router.get(
    PATH,
    whenOwnApplication(deps, async (ctx, own) => {
      expectOwner(own);
      const member = await findCoOwner(deps, own, String(ctx.query['account'] ?? ''));
      await show(ctx, deps, own, { member });
    }),
  );
  router.post(
    PATH,
    whenOwnApplication(deps, async (ctx, own) => {
      const { account, password } = await readOwnForm(ctx, deps, own.person, form);
      expectOwner(own);
      const member = await findCoOwner(deps, own, account);
      const proof = { password, freshIsEnough: true };
      const doubt = await proofProblem(ctx, deps, own.person, proof);
      if (doubt === 'asked') return;
      if (doubt) return show(ctx, deps, own, { member, error: doubt });
      // Nobody can be made the owner of more than they could create.
      await expectRoom(deps, member.accountId);
      await transferApplication(deps.db, memberActor(ctx, own), { ...own, to: member });
      await tellBoth(ctx, deps, own, member);
      goOnTo(ctx, `/applications/${own.application.id}/members`, 'transferred');
    }),
  );
}

async function findCoOwner(
  deps: ApplicationPagesDeps,
  { application }: OwnApplication,
  accountId: string,
): Promise<Member> {
  const members = await listMembers(deps.db, application.id);
  const member = members.find((one) => one.accountId === accountId && !one.isOwner);
  if (!member) throw notFound();
  return member;
}

async function tellBoth(
  ctx: Context,
  deps: ApplicationPagesDeps,
  { application, person }: OwnApplication,
  member: Member,
): Promise<void> {
  const { account } = person;
  const here = languageOf(ctx);
  const values = { application: application.name, from: account.email, to: member.email };
  for (const { email, language } of [
    { email: account.email, language: account.preferred_language },
    { email: member.email, language: member.language },
  ])
    await deps.outbox.queue({
      ...{ kind: 'application-transferred', to: email, values },
      language: isLanguage(language) ? language : here,
      link: `${deps.issuer}/applications/${application.id}/members`,
    });
}

function show(
  ctx: Context,
  deps: ApplicationPagesDeps,
  own: OwnApplication,
  { member, error }: { member: Member; error?: string },
): Promise<void> {
  const { account, isFresh } = own.person;
  return showApplicationPage(ctx, deps, own, {
    view: 'application/transfer',
    section: 'members',
    data: {
      member: { id: member.accountId, name: member.name, email: member.email },
      asksPassword: !isFresh && account.password_hash !== null,
      error,
    },
  });
}
