// My applications: what a developer sees and changes of their applications, under /applications.
import Router from '@koa/router';
import { addCloseRoutes } from '../lifecycle/close-page.ts';
import { addLogoRoute } from '../logos/serve-logo.ts';
import { addInvitationRoutes } from '../members/invitation-page.ts';
import { addMemberRoutes } from '../members/members-page.ts';
import { addTransferRoutes } from '../members/transfer-page.ts';
import { addCodeRoute } from '../snippets/code-page.ts';
import { addActivityRoute } from './activity.ts';
import { addAddressRoutes } from './addresses.ts';
import { addCreateRoutes } from './create.ts';
import { addListRoute } from './list.ts';
import { addOverviewRoute } from './overview.ts';
import type { ApplicationPagesDeps } from './page-deps.ts';
import { addSettingsRoutes } from './settings.ts';

/** The routes under /applications. */
export function createApplicationRoutes(deps: ApplicationPagesDeps): Router {
  const router = new Router();
  addListRoute(router, deps);
  addCreateRoutes(router, deps);
  addLogoRoute(router, deps);
  addInvitationRoutes(router, deps);
  // Those above have names where an id would stand: what comes after takes any.
  addAddressRoutes(router, deps);
  addOverviewRoute(router, deps);
  addSettingsRoutes(router, deps);
  addMemberRoutes(router, deps);
  addTransferRoutes(router, deps);
  addCodeRoute(router, deps);
  addActivityRoute(router, deps);
  addCloseRoutes(router, deps);
  return router;
}
