// The redirect URI of a connector. What it receives counts only with the state of an attempt that this
// browser began, and once.
import type Router from '@koa/router';
import type { Context } from 'koa';
import { z } from 'zod';
import { AppError } from '../../errors.ts';
import { readFields } from '../../http/form.ts';
import type { RateLimit } from '../../http/rate-limit.ts';
import { audit } from '../../observability/audit.ts';
import { redeemAttempt } from '../../storage/federation-attempts.ts';
import { currentUnitOfWork } from '../../storage/unit-of-work.ts';
import { Refusal, type UpstreamIdentity } from '../connector.ts';
import type { Connector, Connectors } from '../connectors.ts';
import { printable } from '../printable.ts';
import { refusalOf } from '../refusals.ts';
import { redeemAnswer } from './attempt.ts';
import { type Attempt, type AttemptDeps, keepPostedAnswer, openAttempt } from './kept-attempts.ts';

export interface Answered {
  connector: Connector;
  attempt: Attempt;
  identity: UpstreamIdentity;
  refreshToken: string | undefined;
}

export interface CallbackDeps extends AttemptDeps {
  connectors: Connectors;
  /** Callbacks of one network that fit no attempt: what is too much leaves no row. */
  strays: RateLimit;
  /** Answers a callback that belongs to nothing of this browser's. */
  onStray(ctx: Context): void;
  /** Goes on with an identity that the upstream vouched for. */
  onIdentity(ctx: Context, answered: Answered): Promise<void>;
  /** Goes on without one. */
  onRefusal(
    ctx: Context,
    failed: {
      connectorId: string;
      connector: Connector | undefined;
      attempt: Attempt;
      refusal: Refusal;
    },
  ): Promise<void>;
}

// A hint of the upstream for us alone; more is no honest answer.
const LONGEST = 16_000;
const posted = z.record(z.string(), z.string());

/** Adds GET and POST /federation/:connector/callback. */
export function addCallbackRoutes(router: Router, deps: CallbackDeps): void {
  router.get('/federation/:connector/callback', (ctx) => receive(ctx, deps));

  // form_post: the browser brings it from another site, without our Lax cookies.
  router.post('/federation/:connector/callback', async (ctx) => {
    const connectorId = connectorOf(ctx);
    const connector = await deps.connectors.findEnabled(connectorId);
    if (connector?.kind.responseMode !== 'form_post')
      throw new AppError(405, 'invalid_request', 'This redirect URI is called by GET.', {
        headers: { Allow: 'GET' },
      });
    const answer = new URLSearchParams(await readFields(ctx, posted));
    await keepPostedAnswer(deps, connectorId, answer);
    const state = new URLSearchParams({ state: (answer.get('state') ?? '').slice(0, 200) });
    ctx.status = 303;
    ctx.redirect(`/federation/${connectorId}/callback?${state}`);
  });
}

async function receive(ctx: Context, deps: CallbackDeps): Promise<void> {
  const connectorId = connectorOf(ctx);
  const query = new URLSearchParams(ctx.querystring.slice(0, LONGEST));
  const state = query.get('state') ?? '';
  const claimed = await claimAttempt(ctx, deps, connectorId, state);
  if (typeof claimed === 'string') return stray(ctx, deps, connectorId, claimed);
  const { attempt, posted } = claimed;
  // Signed out there, or not: the person goes where the client wants them.
  if (attempt.purpose.kind === 'sign-out') {
    ctx.status = 303;
    return ctx.redirect(attempt.purpose.returnTo);
  }
  // Used up whatever comes; and the upstream may take its time, which must not hold a connection.
  await currentUnitOfWork()?.commit();

  const connector = await deps.connectors.findEnabled(connectorId);
  try {
    if (!connector) throw new Refusal('unavailable', 'the connector was disabled meanwhile');
    const answer = connector.kind.responseMode === 'form_post' ? posted : query;
    const answered = await redeem(deps, { connector, attempt, state, answer });
    // That took as long as the upstream wanted.
    if (!(await deps.connectors.findEnabled(connectorId)))
      throw new Refusal('unavailable', 'the connector was disabled meanwhile');
    await deps.onIdentity(ctx, answered);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    // What was begun before it turned out that it may not be: an account without a way in, say.
    await currentUnitOfWork()?.rollback();
    await deps.onRefusal(ctx, { connectorId, connector, attempt, refusal: error });
  }
}

/** Uses up the attempt of a state, if this browser began it with this connector; else says why not. */
async function claimAttempt(
  ctx: Context,
  deps: CallbackDeps,
  connectorId: string,
  state: string,
): Promise<{ attempt: Attempt; posted?: URLSearchParams } | string> {
  const opened = await openAttempt(deps, state);
  if (!opened) return 'unknown_state';
  const { browserId } = opened.attempt;
  if (opened.connectorId !== connectorId) return 'wrong_connector';
  if (!deps.browser.isBound(ctx, browserId)) return 'other_browser';
  if (!(await redeemAttempt(deps.db, state))) return 'unknown_state';
  return opened;
}

async function redeem(
  deps: CallbackDeps,
  trip: {
    connector: Connector;
    attempt: Attempt;
    state: string;
    answer: URLSearchParams | undefined;
  },
): Promise<Answered> {
  const { connector, attempt, state, answer } = trip;
  if (!answer) throw new Refusal('invalid_answer', 'the answer must come by form_post');
  const { identity, tokens } = await openAndRedeem(deps, connector, { ...attempt, state }, answer);
  expectFresh(attempt, identity);
  return { ...{ connector, attempt, identity }, refreshToken: tokens.refresh_token };
}

async function openAndRedeem(
  { upstreams }: CallbackDeps,
  connector: Connector,
  secrets: Parameters<typeof redeemAnswer>[2],
  answer: URLSearchParams,
) {
  try {
    return await redeemAnswer(connector, await upstreams.open(connector), secrets, answer);
  } catch (error) {
    throw refusalOf(connector.kind, error);
  }
}

function expectFresh({ oldestAuthTime }: Attempt, { authTime }: UpstreamIdentity): void {
  if (oldestAuthTime !== undefined && authTime !== undefined && authTime < oldestAuthTime)
    throw new Refusal(
      'interaction_required',
      'a new sign-in was asked for, and the upstream made none',
    );
}

async function stray(
  ctx: Context,
  deps: CallbackDeps,
  connector: string,
  reason: string,
): Promise<void> {
  if ((await deps.strays.take(ctx.state['network'])) === 0)
    audit(ctx, {
      type: 'sign-in.failed',
      detail: { method: 'federation', connector: printable(connector, 60), reason },
    });
  deps.onStray(ctx);
}

function connectorOf(ctx: Context): string {
  return String(ctx['params'].connector);
}
