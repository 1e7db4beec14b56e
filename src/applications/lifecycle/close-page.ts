// /applications/<id>/close: pausing an application, deleting it, and taking either back.
import type Router from '@koa/router';
import type { Context } from 'koa';
import { z } from 'zod';
import { proofProblem, readOwnForm } from '../../accounts/self-care/self-care.ts';
import { translate } from '../../http/i18n.ts';
import { momentOf } from '../../http/moments.ts';
import type { ApplicationViews } from '../../http/views/application.ts';
import { GRACE_DAYS } from '../../storage/application-changes.ts';
import { expectRoom } from '../create-application.ts';
import { expectOwner, memberActor } from '../members/members-page.ts';
import { doneNotice, goOnTo } from '../pages/developer-page.ts';
import {
  type OwnApplication,
  showApplicationPage,
  whenOwnApplication,
} from '../pages/own-application.ts';
import type { ApplicationPagesDeps } from '../pages/page-deps.ts';
import { setDisabled } from './change-application.ts';
import { deleteApplication, restoreApplication } from './end-application.ts';

const PATH = '/applications/:id/close';
const deleteForm = z.object({
  name: z.string().max(1000).default(''),
  password: z.string().max(4096).default(''),
});
const emptyForm = z.object({});

type Errors = ApplicationViews['application/close']['errors'];

/** Adds the routes. */
export function addCloseRoutes(router: Router, deps: ApplicationPagesDeps): void {
  router.get(
    PATH,
    whenOwnApplication(deps, (ctx, own) => show(ctx, deps, own, {})),
  );
  for (const verb of ['disable', 'enable'] as const)
    router.post(
      `${PATH}/${verb}`,
      whenOwnApplication(deps, async (ctx, own) => {
        await readOwnForm(ctx, deps, own.person, emptyForm);
        const { id } = own.application;
        await setDisabled(deps.db, memberActor(ctx, own), { id, disabled: verb === 'disable' });
        goOnTo(ctx, pathOf(own), `${verb}d`);
      }),
    );
  router.post(
    `${PATH}/delete`,
    whenOwnApplication(deps, async (ctx, own) => {
      const typed = await readOwnForm(ctx, deps, own.person, deleteForm);
      expectOwner(own);
      const errors = await deleteProblems(ctx, deps, own, typed);
      if (errors === 'asked') return;
      if (errors) return show(ctx, deps, own, errors);
      await deleteApplication(deps.db, memberActor(ctx, own), own.application);
      goOnTo(ctx, pathOf(own), 'deleted');
    }),
  );
  router.post(
    `${PATH}/restore`,
    whenOwnApplication(deps, async (ctx, own) => {
      await readOwnForm(ctx, deps, own.person, emptyForm);
      expectOwner(own);
      await expectRoom(deps, own.person.account.id);
      const isBack = await restoreApplication(deps.db, memberActor(ctx, own), own.application);
      goOnTo(ctx, `/applications/${own.application.id}`, isBack ? 'restored' : '');
    }),
  );
}

const pathOf = ({ application }: OwnApplication) => `/applications/${application.id}/close`;

async function deleteProblems(
  ctx: Context,
  deps: ApplicationPagesDeps,
  own: OwnApplication,
  { name, password }: z.infer<typeof deleteForm>,
): Promise<Errors | undefined | 'asked'> {
  if (name.trim() !== own.application.name) {
    ctx.status = 400;
    return { name: translate(ctx)('application.name-differs') };
  }
  const doubt = await proofProblem(ctx, deps, own.person, { password, freshIsEnough: true });
  if (doubt === undefined || doubt === 'asked') return doubt;
  return { password: doubt };
}

function show(
  ctx: Context,
  deps: ApplicationPagesDeps,
  own: OwnApplication,
  errors: Errors,
): Promise<void> {
  const { application, person } = own;
  return showApplicationPage(ctx, deps, own, {
    view: 'application/close',
    section: 'close',
    notice: doneNotice(ctx, 'application', ['disabled', 'enabled', 'deleted']),
    data: {
      isOwner: application.ownerId === person.account.id,
      days: GRACE_DAYS,
      until: application.eraseAt && momentOf(ctx, application.eraseAt, { dateOnly: true }),
      asksPassword: !person.isFresh && person.account.password_hash !== null,
      errors,
    },
  });
}
