// The Koa application of the example API: four routes that need a token and one that does not.
import Router from '@koa/router';
import Koa, { type Context } from 'koa';
import { verifyBearerToken } from './bearer-token.ts';
import type { ApiConfig, Environment } from './config.ts';
import { allowEveryOrigin } from './cross-origin.ts';
import { createIssuerKeys } from './issuer-keys.ts';
import { createOrderBook, readOrderLine } from './orders.ts';
import { answerRefusals } from './refusals.ts';
import { readJsonBody } from './request-body.ts';
import { describeApi, welcomeStylesheet } from './welcome.ts';

/** Builds the API. Nothing is fetched from the issuer before the first token arrives. */
export function createOrdersApi(config: ApiConfig): Koa {
  const { issuer, audiences } = config;
  const loadKeys = createIssuerKeys(issuer);
  const verify = (ctx: Context, environment: Environment, scope: string) =>
    verifyBearerToken({
      authorization: ctx.get('Authorization'),
      issuer,
      audience: audiences[environment],
      scope,
      loadKeys,
    });

  const router = new Router();
  router.get('/', describeApi(config));
  router.get('/welcome.css', welcomeStylesheet);
  for (const environment of ['production', 'sandbox'] as const) {
    const book = createOrderBook(environment);
    router.get(`/${environment}/orders`, async (ctx) => {
      const token = await verify(ctx, environment, 'orders.read');
      ctx.body = { environment, orders: book.list(token.claims.sub), token };
    });
    router.post(`/${environment}/orders`, async (ctx) => {
      const token = await verify(ctx, environment, 'orders.write');
      const line = readOrderLine(await readJsonBody(ctx));
      if (typeof line === 'string') return ctx.throw(400, line);
      ctx.status = 201;
      ctx.body = { environment, order: book.place(token.claims.sub, line), token };
    });
  }

  const api = new Koa();
  api.use(setSecurityHeaders);
  api.use(allowEveryOrigin);
  // Inside of CORS, so that a browser may read the refusals too.
  api.use(answerRefusals);
  api.use(router.routes());
  api.use(router.allowedMethods());
  return api;
}

async function setSecurityHeaders(ctx: Context, next: () => Promise<unknown>): Promise<void> {
  ctx.set({
    'Cache-Control': 'no-store',
    'Content-Security-Policy':
      "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'no-referrer',
  });
  await next();
}
