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

/** Wraps everything that writes. A request that writes nothing costs no commit. */
export function unitOfWork(deps: { db: Database }): Middleware {
  return async function transaction(ctx, next) {
    await runInUnitOfWork(deps.db.knex, async (unit) => {
      try {
        await next();
        if (ctx.state['failure'] !== undefined) throw ctx.state['failure'];
        await writeAuditEvents(ctx, deps.db);
        if (ctx.state['refused']) await unit.refuse();
        else await commit(ctx, deps.db, unit);
      } catch (error) {
        // The failure that got us here is the one to report, not a rollback on a dead connection.
        await unit.rollback().catch(() => undefined);
        forgetAnswer(ctx);
        throw error;
      }
    });
  };
}

async function commit(ctx: Context, db: Database, unit: UnitOfWork): Promise<void> {
  try {
    await unit.commit();
  } catch (error) {
    const recover: (() => Promise<boolean>) | undefined = ctx.state['recover'];
    if (!(error instanceof AppError && recover && (await recover()))) throw error;
    await writeAuditEvents(ctx, db);
    await unit.commit();
  }
}

// A rolled-back request must not hand out cookies or send anyone anywhere.
function forgetAnswer(ctx: Context): void {
  ctx.remove('Set-Cookie');
  ctx.remove('Location');
}
