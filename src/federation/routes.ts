// What upstreams call, and the way to one from the link of an invitation.
import Router from '@koa/router';
import { type AnswerDeps, goOnWith, goOnWithout } from './attempts/answers.ts';
import { addCallbackRoutes, type CallbackDeps } from './attempts/callback.ts';
import { addInvitationRoute } from './attempts/invitation-route.ts';
import { addSignOutRoutes } from './sessions/sign-out-routes.ts';

export type FederationDeps = AnswerDeps & Omit<CallbackDeps, 'onIdentity' | 'onRefusal'>;

/** The routes under /federation. */
export function createFederationRoutes(deps: FederationDeps): Router {
  const router = new Router();
  addCallbackRoutes(router, {
    ...deps,
    onIdentity: (ctx, answered) => goOnWith(ctx, deps, answered),
    onRefusal: goOnWithout,
  });
  addInvitationRoute(router, deps);
  addSignOutRoutes(router, deps);
  return router;
}
