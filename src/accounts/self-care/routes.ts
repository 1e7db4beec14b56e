// My account: what a person sees and changes of their own account, under /account.
import Router from '@koa/router';
import { addActivityRoutes } from './activity.ts';
import { addApplicationRoutes } from './applications.ts';
import { addCloseRoutes } from './close.ts';
import { addDownloadRoutes } from './download.ts';
import { addEmailRoutes } from './email.ts';
import { addLanguageRoutes } from './language.ts';
import { addPasswordRoutes } from './password.ts';
import { addProfileRoutes } from './profile.ts';
import type { SelfCareDeps } from './self-care.ts';
import { addSessionRoutes } from './sessions.ts';
import { addCallbackRoute, askToSignIn } from './signed-in.ts';

/** The routes under /account. */
export function createSelfCareRoutes(deps: SelfCareDeps): Router {
  const router = new Router();
  addCallbackRoute(router, deps);
  // A link to sign up, for whoever wants to place one: it ends at My account.
  router.get('/sign-up', (ctx) => askToSignIn(ctx, deps, { prompt: 'create' }));
  addProfileRoutes(router, deps);
  addPasswordRoutes(router, deps);
  addEmailRoutes(router, deps);
  addSessionRoutes(router, deps);
  addApplicationRoutes(router, deps);
  addActivityRoutes(router, deps);
  addLanguageRoutes(router, deps);
  addDownloadRoutes(router, deps);
  addCloseRoutes(router, deps);
  return router;
}
