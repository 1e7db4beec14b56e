// The error boundary: every failure leaves as a page that says what happened and what to do.
import type { Context, Middleware } from 'koa';
import { AuthorizationServerUnreachable } from '../authorization-server.ts';
import type { Render } from './render.ts';

const RETRY_AFTER_SECONDS = 3;

export type ErrorPage = {
  status: number;
  title: string;
  message: string;
  /** The error code of the protocol, shown in small print. */
  code?: string;
  /** Where "Try again" leads. */
  retry?: string;
};

/** A failure that the visitor may read about. */
export class PageError extends Error {
  readonly page: ErrorPage;

  constructor(page: ErrorPage, options?: ErrorOptions) {
    super(page.message, options);
    this.page = page;
  }
}

/** Catches what the routes throw; what nobody foresaw goes to stderr and is not shown. */
export function answerErrors(render: Render): Middleware {
  const show = (ctx: Context, page: ErrorPage): void => {
    ctx.status = page.status;
    if (page.status === 503) ctx.set('Retry-After', String(RETRY_AFTER_SECONDS));
    render(ctx, 'message', page);
  };
  return async (ctx, next) => {
    try {
      await next();
      if (ctx.status === 404) show(ctx, NOT_FOUND);
    } catch (error) {
      show(ctx, describeFailure(ctx, error));
    }
  };
}

function describeFailure(ctx: Context, error: unknown): ErrorPage {
  if (error instanceof PageError) return error.page;
  if (error instanceof AuthorizationServerUnreachable) {
    return { ...UNREACHABLE, retry: ctx.method === 'GET' ? ctx.url : '/' };
  }
  if (isShowable(error)) {
    return { status: error.status, title: 'That did not work', message: error.message };
  }
  console.error(error);
  return FAILED;
}

const NOT_FOUND = {
  status: 404,
  title: 'There is no such page',
  message: 'The address may be mistyped, or the page has moved.',
};
const UNREACHABLE = {
  status: 503,
  title: 'The sign-in server cannot be reached',
  message:
    'It is not running, is still starting, or cannot be reached from here. Pages that need no sign-in work meanwhile.',
};
const FAILED = {
  status: 500,
  title: 'The portal failed',
  message: 'Something went wrong on our side. The log of the portal says what.',
};

function isShowable(error: unknown): error is { status: number; message: string } {
  if (!(error instanceof Error && 'expose' in error && 'status' in error)) return false;
  return error.expose === true && typeof error.status === 'number';
}
