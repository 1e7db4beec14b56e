// The one boundary: AppError, Koa's errors and the unknown become a page or JSON.
import type { Context, Middleware } from 'koa';
import { AppError, invalidRequest, temporarilyUnavailable } from '../errors.ts';
import { correlationId, requestLog } from './correlation.ts';
import type { Render } from './render.ts';

const TITLES: Record<number, string> = {
  400: 'That request cannot be used',
  403: 'That is not allowed',
  404: 'There is no such page',
  405: 'That method is not supported here',
  413: 'That is too large',
  415: 'That format is not supported here',
  421: 'This is not the right address',
  429: 'Too many attempts',
  503: 'Temporarily unavailable',
};

/**
 * Answers every error once; `isUnavailable` tells a dependency that is away from a defect,
 * `isUnstorable` a text that no honest request holds.
 */
export function errorBoundary(deps: {
  render: Render;
  isUnavailable: (error: unknown) => boolean;
  isUnstorable: (error: unknown) => boolean;
}): Middleware {
  const translate = (error: unknown) => {
    if (deps.isUnavailable(error)) return temporarilyUnavailable(error);
    if (deps.isUnstorable(error))
      return invalidRequest(
        'A parameter of this request holds characters that cannot be used.',
        error,
      );
    return error;
  };

  return async function errors(ctx, next) {
    try {
      await next();
      if (ctx.status === 404 && ctx.body == null) {
        throw new AppError(404, 'not_found', 'Nothing lives at this address.');
      }
    } catch (caught) {
      answer(ctx, deps.render, translate(caught));
    }
  };
}

function answer(ctx: Context, render: Render, error: unknown): void {
  const shown = toShown(error);
  const level = shown.status >= 500 ? 'error' : 'info';
  requestLog(ctx)[level]({ error, status: shown.status }, 'request failed');
  ctx.set(shown.headers);
  ctx.status = shown.status;
  renderProblem(ctx, render, shown);
}

/** Renders a problem as a page or as JSON, whichever the client prefers. RFC 6749 section 5.2 shape. */
export function renderProblem(
  ctx: Context,
  render: Render,
  problem: { status: number; code: string; message: string; hint?: string; title?: string },
): void {
  ctx.set('Cache-Control', 'no-store');
  if (ctx.accepts('json', 'html') === 'html') {
    render(ctx, 'error', {
      status: problem.status,
      title: problem.title ?? TITLES[problem.status] ?? 'Something went wrong',
      message: problem.message,
      ...(problem.hint === undefined ? {} : { hint: problem.hint }),
      correlationId: correlationId(ctx),
    });
  } else {
    ctx.body = {
      error: problem.code,
      error_description: problem.message,
      correlation_id: correlationId(ctx),
    };
  }
}

function toShown(error: unknown): {
  status: number;
  code: string;
  message: string;
  headers: Record<string, string>;
} {
  if (error instanceof AppError) return error;
  if (isHttpError(error)) {
    return { status: error.status, code: 'invalid_request', message: error.message, headers: {} };
  }
  return {
    status: 500,
    code: 'server_error',
    message: 'Something went wrong on our side. Nothing was changed.',
    headers: {},
  };
}

/** Koa's contract: an exposed error says its status and a message for the client. */
function isHttpError(error: unknown): error is Error & { status: number } {
  return (
    error instanceof Error &&
    'expose' in error &&
    error.expose === true &&
    'status' in error &&
    typeof error.status === 'number'
  );
}
