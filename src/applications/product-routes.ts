// Products, subscriptions, promotion and approvals: the pages between those who offer and those who use.
import Router from '@koa/router';
import { addApprovalRoutes } from './approvals/approval-pages.ts';
import type { ProductPagesDeps } from './products/page-deps.ts';
import { addProductRoutes } from './products/product-pages.ts';
import { addProductionRoutes } from './promotion/production-page.ts';
import { addSubscriptionRoutes } from './subscriptions/subscriptions-page.ts';

/** The routes under /products and /approvals, and two of the pages of an application. */
export function createProductRoutes(deps: ProductPagesDeps): Router {
  const router = new Router();
  addProductRoutes(router, deps);
  addSubscriptionRoutes(router, deps);
  addProductionRoutes(router, deps);
  addApprovalRoutes(router, deps);
  return router;
}
