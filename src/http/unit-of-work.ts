// One transaction per request: committed once, before the answer leaves.
import type { Context, Middleware } from 'koa';
import { AppError } from '../errors.ts';
import { writeAuditEvents } from '../observability/audit.ts';
import type { Database } from '../storage/database.ts';
import { runInUnitOfWork, type UnitOfWork } from '../storage/unit-of-work.ts';

/** The protocol engine swallowed a failure: the request must not be committed. */
export function noteFailure(ctx: Context, error: unknown): void {
  ctx.state['failure'] = error;
}

/** The request was refused: what it consumed is given back, what reuse detection revoked is kept. */
export function noteRefusal(ctx: Context): void {
  ctx.state['refused'] = true;
}

/**
 * When another request redeemed first, `recover` may put the other's answer into the context: it
 * then returns true. Otherwise the refusal of the race stands.
 */
export function onLostRace(ctx: Context, recover: () => Promise<boolean>): void {
  ctx.state['recover'] = recover;
}

interface UnitOfWorkDeps {
  db: Database;
  /** The name of the cookie that carries the session's id. */
  sessionCookie: () => string;
}

/** Wraps everything that writes. A request that writes nothing costs no commit. */
export function unitOfWork(deps: UnitOfWorkDeps): Middleware {
  return async function transaction(ctx, next) {
    await runInUnitOfWork(deps.db.knex, async (unit) => {
      try {
        await next();
        if (ctx.state['failure'] !== undefined) throw ctx.state['failure'];
        await writeAuditEvents(ctx, deps.db);
        await finish(ctx, deps, unit);
      } catch (error) {
        // The failure that got us here is the one to report, not a rollback on a dead connection.
        await unit.rollback().catch(() => undefined);
        forgetAnswer(ctx);
        throw error;
      }
    });
  };
}

async function finish(ctx: Context, deps: UnitOfWorkDeps, unit: UnitOfWork): Promise<void> {
  if (ctx.state['refused']) return unit.refuse();
  const outdated = await commit(ctx, deps.db, unit);
  if (outdated) forgetCookie(ctx, deps.sessionCookie());
}

async function commit(ctx: Context, db: Database, unit: UnitOfWork): Promise<boolean> {
  try {
    return await unit.commit();
  } catch (error) {
    const recover: (() => Promise<boolean>) | undefined = ctx.state['recover'];
    if (!(error instanceof AppError && recover && (await recover()))) throw error;
    await writeAuditEvents(ctx, db);
    return unit.commit();
  }
}

// The browser may have the session's new id already: this answer must not bring the old one back.
function forgetCookie(ctx: Context, name: string): void {
  const cookies = [ctx.response.headers['set-cookie'] ?? []].flat();
  const others = cookies.filter(
    (text) => !text.startsWith(`${name}=`) && !text.startsWith(`${name}.sig=`),
  );
  if (others.length > 0) ctx.set('Set-Cookie', others);
  else ctx.remove('Set-Cookie');
}

// A rolled-back request must not hand out cookies or send anyone anywhere.
function forgetAnswer(ctx: Context): void {
  ctx.remove('Set-Cookie');
  ctx.remove('Location');
}
