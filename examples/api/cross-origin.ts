// Lets the pages of every origin call this API from the browser (CORS, Fetch Standard §3.2): a call is
// worth what its token is worth, and no cookie counts.
import type { Middleware } from 'koa';

/** Answers preflights and marks every response, refusals included. */
export const allowEveryOrigin: Middleware = async (ctx, next) => {
  ctx.set('Access-Control-Allow-Origin', '*');
  // Without this a page could not show its reader why a token was refused.
  ctx.set('Access-Control-Expose-Headers', 'WWW-Authenticate, Retry-After');
  if (ctx.method !== 'OPTIONS' || !ctx.get('Access-Control-Request-Method')) return next();
  ctx.set('Access-Control-Allow-Methods', 'GET, POST');
  ctx.set('Access-Control-Allow-Headers', 'Authorization, Content-Type');
  ctx.set('Access-Control-Max-Age', '600');
  ctx.status = 204;
};
