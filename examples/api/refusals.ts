// The error boundary: every refusal leaves as JSON that says why.
import type { Context, Middleware } from 'koa';
import { BearerRefusal, formatChallenge } from './bearer-refusal.ts';
import { IssuerUnavailable } from './issuer-keys.ts';

const RETRY_AFTER_SECONDS = 2;

/** Turns whatever the routes throw into a JSON answer; unexpected errors go to stderr. */
export const answerRefusals: Middleware = async (ctx, next) => {
  try {
    await next();
    if (ctx.status === 404) ctx.throw(404, 'There is nothing here. GET / says what there is.');
  } catch (error) {
    if (error instanceof BearerRefusal) answerBearerRefusal(ctx, error);
    else if (error instanceof IssuerUnavailable) answerUnavailable(ctx, error);
    else if (isShowable(error)) answer(ctx, error.status, 'invalid_request', error.message);
    else {
      console.error(error);
      answer(ctx, 500, 'server_error', 'The Orders API failed. Its log says why.');
    }
  }
};

function answerBearerRefusal(ctx: Context, refusal: BearerRefusal): void {
  ctx.set('WWW-Authenticate', formatChallenge(refusal));
  const { status, error = 'authentication_required', message } = refusal;
  answer(ctx, status, error, message);
}

function answerUnavailable(ctx: Context, { message }: IssuerUnavailable): void {
  ctx.set('Retry-After', String(RETRY_AFTER_SECONDS));
  const description = `The token cannot be checked right now: ${message}. Try again soon.`;
  answer(ctx, 503, 'temporarily_unavailable', description);
}

function answer(ctx: Context, status: number, error: string, description: string): void {
  ctx.status = status;
  ctx.body = { error, error_description: description };
}

function isShowable(error: unknown): error is { status: number; message: string } {
  if (!(error instanceof Error && 'expose' in error && 'status' in error)) return false;
  return error.expose === true && typeof error.status === 'number';
}
