// The one boundary: AppError, Koa's errors and the unknown become a page or JSON.
import type { Context, Middleware } from 'koa';
import { AppError, invalidRequest, notFound, temporarilyUnavailable } from '../errors.ts';
import { correlationId, requestLog } from './correlation.ts';
import { translate, type Values } from './i18n.ts';
import type { Render } from './render.ts';
import { isForPrograms } from './security-headers.ts';

const TITLED = new Set([400, 403, 404, 405, 409, 410, 413, 415, 421, 429, 503]);

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
        throw notFound();
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

/** What went wrong; `key` and `values` say the message in the language of the page. */
export interface Problem {
  status: number;
  code: string;
  message: string;
  key?: string | undefined;
  values?: Values | undefined;
  hint?: string;
  title?: string;
  link?: { href: string; text: string };
}

/** Renders a problem as a page or as JSON, whichever the client prefers. RFC 6749 section 5.2 shape. */
export function renderProblem(ctx: Context, render: Render, problem: Problem): void {
  ctx.set('Cache-Control', 'no-store');
  if (!isForPrograms(ctx.path) && ctx.accepts('json', 'html') === 'html') {
    const { status, hint, link } = problem;
    render(ctx, 'error', {
      ...{ status, ...wordsOf(ctx, problem), correlationId: correlationId(ctx) },
      ...(hint === undefined ? {} : { hint }),
      ...(link === undefined ? {} : { link }),
    });
  } else {
    ctx.body = {
      error: problem.code,
      error_description: problem.message,
      correlation_id: correlationId(ctx),
    };
  }
}

// Title and message in the language of the page; without a key the message is the English one.
function wordsOf(ctx: Context, { status, title, key, values, message }: Problem) {
  const t = translate(ctx);
  return {
    title: title ?? t(`error.title-${TITLED.has(status) ? status : 'other'}`),
    message: key ? t(key, values) : message,
  };
}

function toShown(error: unknown): Problem & { headers: Record<string, string> } {
  if (error instanceof AppError) return error;
  if (isHttpError(error)) {
    return { status: error.status, code: 'invalid_request', message: error.message, headers: {} };
  }
  return {
    status: 500,
    code: 'server_error',
    message: 'Something went wrong on our side. Nothing was changed.',
    key: 'error.server-error',
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
