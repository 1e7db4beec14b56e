// One address only: a visitor of http://localhost would get cookies that the callback never sees.
import type { Middleware } from 'koa';

/** Sends requests for any other host name to the portal's own origin. */
export function useCanonicalHost(origin: string): Middleware {
  const { host } = new URL(origin);
  return async (ctx, next) => {
    if (ctx.host === host) return next();
    if (ctx.method !== 'GET' && ctx.method !== 'HEAD') ctx.throw(421, 'This host is not served.');
    ctx.redirect(`${origin}${ctx.url.startsWith('/') ? ctx.url : '/'}`);
  };
}
