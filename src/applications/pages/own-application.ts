// The door to every page of an application: whoever is no member learns nothing, not even that it exists.
import type { Context } from 'koa';
import { type SelfCareDeps, whenSignedIn } from '../../accounts/self-care/self-care.ts';
import type { SignedIn } from '../../accounts/self-care/signed-in.ts';
import { notFound } from '../../errors.ts';
import type {
  ApplicationPage,
  ApplicationSection,
  ApplicationState,
} from '../../http/views/application.ts';
import type { Views } from '../../http/views.ts';
import { findLogoDigest } from '../../storage/application-logos.ts';
import { type Application, findMemberApplication } from '../../storage/applications.ts';
import { logoUrl } from '../logos/logo-url.ts';
import { developerPage } from './developer-page.ts';

/** A signed-in member and the application of the request's path. */
export interface OwnApplication {
  person: SignedIn;
  application: Application;
}

/** What can be opened of an application that is deleted: the rest leads to where it is taken back. */
const OPEN_WHEN_DELETED = /^\/applications\/[^/]+\/(activity|close(\/.*)?)$/;

/**
 * Runs `work` for a member of the application `:id` of the path. Anybody else gets the 404 of an
 * address where nothing lives; who is not signed in is sent to sign in.
 */
export function whenOwnApplication(
  deps: SelfCareDeps,
  work: (ctx: Context, own: OwnApplication) => Promise<void> | void,
) {
  return whenSignedIn(deps, async (ctx, person) => {
    const id: string = ctx['params']['id'] ?? '';
    const application = await findMemberApplication(deps.db, person.account.id, id);
    if (!application) throw notFound();
    if (application.eraseAt && !OPEN_WHEN_DELETED.test(ctx.path)) {
      ctx.status = 303;
      return ctx.redirect(`/applications/${application.id}/close`);
    }
    await work(ctx, { person, application });
  });
}

/** The views that show one application. */
type ApplicationViewName = {
  [V in keyof Views]: Views[V] extends ApplicationPage ? V : never;
}[keyof Views];

/** Renders a page of the application: its header, the way to its other pages, and `data`. */
export async function showApplicationPage<V extends ApplicationViewName>(
  ctx: Context,
  deps: SelfCareDeps,
  own: OwnApplication,
  page: {
    view: V;
    section: ApplicationSection;
    notice?: string | undefined;
    data: Omit<Views[V], keyof ApplicationPage>;
  },
): Promise<void> {
  const { application } = own;
  const frame: ApplicationPage = {
    ...developerPage(ctx, deps, own.person),
    section: page.section,
    notice: page.notice,
    application: {
      id: application.id,
      name: application.name,
      kind: application.kind,
      state: stateOf(application),
      verified: application.verifiedAt !== undefined,
      logoUrl: logoUrl(await findLogoDigest(deps.db, application.id)),
    },
  };
  // The compiler cannot put the two halves of a generic view together.
  deps.render(ctx, page.view, { ...frame, ...page.data } as unknown as Views[V]);
}

/** What state an application is in, of several the one that weighs most. */
export function stateOf(
  application: Pick<Application, 'eraseAt' | 'suspendedAt' | 'disabledAt'>,
): ApplicationState {
  if (application.eraseAt) return 'deleted';
  if (application.suspendedAt) return 'suspended';
  return application.disabledAt ? 'disabled' : 'active';
}
