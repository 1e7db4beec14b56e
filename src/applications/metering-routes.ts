// The pages about what an application fetched and what it was refused.
import Router from '@koa/router';
import type { SelfCareDeps } from '../accounts/self-care/self-care.ts';
import type { Metering } from './metering.ts';
import { addRefusalRoutes } from './refusals/refusal-pages.ts';
import { addUsageRoute } from './usage/usage-page.ts';

/** The routes. */
export function createMeteringRoutes(deps: SelfCareDeps & { metering: Metering }): Router {
  const { metering } = deps;
  const router = new Router();
  addRefusalRoutes(router, { ...deps, refusals: metering.refusals });
  addUsageRoute(router, { ...deps, limits: metering.limited ? metering.tokenLimits : undefined });
  return router;
}
