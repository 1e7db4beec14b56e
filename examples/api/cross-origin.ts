// Lets the pages of one other origin call this API from the browser (CORS, Fetch Standard §3.2).
import type { Middleware } from 'koa';

/** Answers preflights and marks every response for the allowed origin, refusals included. */
export function allowOrigin(allowedOrigin: string): Middleware {
  return async (ctx, next) => {
    ctx.vary('Origin');
    const isAllowed = ctx.get('Origin') === allowedOrigin;
    if (isAllowed) {
      ctx.set('Access-Control-Allow-Origin', allowedOrigin);
      // Without this a console could not show its reader why a token was refused.
      ctx.set('Access-Control-Expose-Headers', 'WWW-Authenticate, Retry-After');
    }
    if (ctx.method !== 'OPTIONS' || !ctx.get('Access-Control-Request-Method')) return next();
    if (isAllowed) {
      ctx.set('Access-Control-Allow-Methods', 'GET, POST');
      ctx.set('Access-Control-Allow-Headers', 'Authorization, Content-Type');
      ctx.set('Access-Control-Max-Age', '600');
    }
    ctx.status = 204;
  };
}
