// One correlation id a request: in the log, in X-Correlation-Id, and on every error page.
import { randomUUID } from 'node:crypto';
import type { Context, Middleware } from 'koa';
import { type Logger, withoutRedaction } from '../observability/logger.ts';

/**
 * Gives each request its id and a logger that carries it, and logs the finished request. `observe`
 * is told the name of the route, of which there are few, the status and the seconds it took.
 */
export function correlate({
  logger,
  observe,
}: {
  logger: Logger;
  observe: ((route: string, status: number, seconds: number) => void) | undefined;
}): Middleware {
  const lines = withoutRedaction(logger);
  return async function correlation(ctx, next) {
    const id = randomUUID();
    const started = performance.now();
    ctx.state['arrivedAt'] = started;
    ctx.state['correlationId'] = id;
    ctx.state['logger'] = logger;
    ctx.set('X-Correlation-Id', id);
    await next();
    const milliseconds = performance.now() - started;
    observe?.(routeOf(ctx), ctx.status, milliseconds / 1000);
    lines.info(
      {
        correlationId: id,
        ...ctx.state['logged'],
        method: ctx.method,
        // The path only: queries carry codes, states and hints. Interaction ids are bearer values too.
        path: ctx.path.replace(/^(\/(?:interaction|authorize)\/)[^/]+/i, '$1:uid'),
        status: ctx.status,
        ms: Math.round(milliseconds),
      },
      'request',
    );
  };
}

// Of a page by its pattern, of the protocol by the library's name; what strangers make up is one.
function routeOf(ctx: Context): string {
  return ctx['_matchedRoute']?.toString() ?? ctx['oidc']?.route ?? 'other';
}

/** Milliseconds since this request arrived. */
export function requestAge(ctx: Context): number {
  return performance.now() - ctx.state['arrivedAt'];
}

/** Adds members to the one line that the log gets of this request. */
export function logWithRequest(ctx: Context, members: Record<string, unknown>): void {
  ctx.state['logged'] = { ...ctx.state['logged'], ...members };
}

/** The correlation id of this request. */
export function correlationId(ctx: Context): string {
  return ctx.state['correlationId'];
}

/** The logger of this request. */
export function requestLog(ctx: Context): Logger {
  ctx.state['log'] ??= ctx.state['logger'].child({ correlationId: ctx.state['correlationId'] });
  return ctx.state['log'];
}
