// /applications/<id>/settings: name, description, homepage and logo. Whoever changes what people go by
// has it verified anew.
import type Router from '@koa/router';
import type { Context } from 'koa';
import { z } from 'zod';
import { readOwnForm, readOwnUpload } from '../../accounts/self-care/self-care.ts';
import { translate } from '../../http/i18n.ts';
import type { ApplicationViews } from '../../http/views/application.ts';
import { verifyApplication } from '../../storage/application-changes.ts';
import { removeLogo, replaceLogo } from '../../storage/application-logos.ts';
import { actorOf } from '../actor.ts';
import { fieldProblems } from '../application-fields.ts';
import { changeApplication } from '../lifecycle/change-application.ts';
import { LOGO_BYTES, readLogo } from '../logos/read-logo.ts';
import { record } from '../record.ts';
import { doneNotice, goOnTo } from './developer-page.ts';
import { type OwnApplication, showApplicationPage, whenOwnApplication } from './own-application.ts';
import type { ApplicationPagesDeps } from './page-deps.ts';

type Errors = ApplicationViews['application/settings']['errors'];

const text = z
  .string()
  .max(20_000)
  .default('')
  .transform((value) => value.replaceAll('\r\n', '\n').trim());
const form = z.object({ name: text, description: text, homepage: text });
const logoForm = z.object({ remove: z.string().optional() });

/** Adds the routes. */
export function addSettingsRoutes(router: Router, deps: ApplicationPagesDeps): void {
  router.get(
    '/applications/:id/settings',
    whenOwnApplication(deps, (ctx, own) => show(ctx, deps, own, {})),
  );
  router.post(
    '/applications/:id/settings',
    whenOwnApplication(deps, async (ctx, own) => {
      const typed = await readOwnForm(ctx, deps, own.person, form);
      const about = { ...typed, homepage: typed.homepage || undefined };
      const t = translate(ctx);
      const problems = fieldProblems(about, deps.productName);
      if (problems.length > 0) {
        ctx.status = 400;
        const errors = problems.map(({ field, key, values }) => [field, t(key, values)]);
        return show(ctx, deps, own, { typed, errors: Object.fromEntries(errors) });
      }
      const actor = actorOf(ctx, own.person.account.id);
      await changeApplication(deps, actor, { id: own.application.id, about });
      goOnTo(ctx, `/applications/${own.application.id}/settings`, 'settings');
    }),
  );
  router.post(
    '/applications/:id/logo',
    whenOwnApplication(deps, (ctx, own) => changeLogo(ctx, deps, own)),
  );
}

async function changeLogo(
  ctx: Context,
  deps: ApplicationPagesDeps,
  own: OwnApplication,
): Promise<void> {
  const { id } = own.application;
  const upload = { schema: logoForm, limit: LOGO_BYTES };
  const { fields, files } = await readOwnUpload(ctx, deps, own.person, upload);
  const file = files.get('logo');
  if (fields.remove) await removeLogo(deps.db, id);
  else {
    const logo = file ? readLogo(file) : 'missing';
    if (typeof logo === 'string') {
      ctx.status = 400;
      const problem = translate(ctx)(`application.logo-${logo}`);
      return show(ctx, deps, own, { errors: { logo: problem } });
    }
    await replaceLogo(deps.db, id, logo);
  }
  await verifyApplication(deps.db, id, false);
  const actor = actorOf(ctx, own.person.account.id);
  await record(deps.db, actor, { type: 'application.logo-changed', applicationId: id });
  goOnTo(ctx, `/applications/${id}/settings`, 'logo');
}

function show(
  ctx: Context,
  deps: ApplicationPagesDeps,
  own: OwnApplication,
  sent: { typed?: z.infer<typeof form>; errors?: Errors },
): Promise<void> {
  const { application } = own;
  return showApplicationPage(ctx, deps, own, {
    view: 'application/settings',
    section: 'settings',
    notice: doneNotice(ctx, 'application', ['settings', 'logo']),
    data: {
      name: sent.typed?.name ?? application.name,
      description: sent.typed?.description ?? application.description,
      homepage: sent.typed?.homepage ?? application.homepage ?? '',
      errors: sent.errors ?? {},
    },
  });
}
