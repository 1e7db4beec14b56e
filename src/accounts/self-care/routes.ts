// My account: what a person sees and changes of their own account, under /account.
import Router from '@koa/router';
import { addActivityRoutes } from './activity.ts';
import { addApplicationRoutes } from './applications.ts';
import { addCloseRoutes } from './close.ts';
import { addDownloadRoutes } from './download.ts';
import { addLanguageRoutes } from './language.ts';
import { addPasswordRoutes } from './password.ts';
import { addProfileRoutes } from './profile.ts';
import type { SelfCareDeps } from './self-care.ts';
import { addSessionRoutes } from './sessions.ts';
import { addCallbackRoute } from './signed-in.ts';

/** The routes under /account. */
export function createSelfCareRoutes(deps: SelfCareDeps): Router {
  const router = new Router();
  addCallbackRoute(router, deps);
  addProfileRoutes(router, deps);
  addPasswordRoutes(router, deps);
  addSessionRoutes(router, deps);
  addApplicationRoutes(router, deps);
  addActivityRoutes(router, deps);
  addLanguageRoutes(router, deps);
  addDownloadRoutes(router, deps);
  addCloseRoutes(router, deps);
  return router;
}
