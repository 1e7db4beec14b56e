// /livez: the process runs. /readyz: it can serve. Answered before the host check, for probes by IP.
import type { Middleware } from 'koa';

/** `isReady` says whether new work should be sent here. */
export function health(deps: { isReady: () => Promise<boolean> }): Middleware {
  return async function healthProbes(ctx, next) {
    const probe = ctx.path === '/livez' || ctx.path === '/readyz';
    if (!probe || (ctx.method !== 'GET' && ctx.method !== 'HEAD')) return next();
    ctx.set('Cache-Control', 'no-store');
    const ok = ctx.path === '/livez' || (await deps.isReady());
    ctx.status = ok ? 200 : 503;
    ctx.body = { service: 'gatehouse', status: ok ? 'ok' : 'unavailable' };
  };
}
