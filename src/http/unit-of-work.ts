// One transaction per request: committed once, before the answer leaves.
import type { Context, Middleware } from 'koa';
import { writeAuditEvents } from '../observability/audit.ts';
import type { Database } from '../storage/database.ts';
import { runInUnitOfWork } from '../storage/unit-of-work.ts';

/** The protocol engine swallowed a failure: the request must not be committed. */
export function noteFailure(ctx: Context, error: unknown): void {
  ctx.state['failure'] = error;
}

/** The request was refused: what it consumed is given back, what reuse detection revoked is kept. */
export function noteRefusal(ctx: Context): void {
  ctx.state['refused'] = true;
}

/** Wraps everything that writes. A request that writes nothing costs no commit. */
export function unitOfWork(deps: { db: Database }): Middleware {
  return async function transaction(ctx, next) {
    await runInUnitOfWork(deps.db.knex, async (unit) => {
      try {
        await next();
        if (ctx.state['failure'] !== undefined) throw ctx.state['failure'];
        await writeAuditEvents(ctx, deps.db);
        await (ctx.state['refused'] ? unit.refuse() : unit.commit());
      } catch (error) {
        // The failure that got us here is the one to report, not a rollback on a dead connection.
        await unit.rollback().catch(() => undefined);
        forgetAnswer(ctx);
        throw error;
      }
    });
  };
}

// A rolled-back request must not hand out cookies or send anyone anywhere.
function forgetAnswer(ctx: Context): void {
  ctx.remove('Set-Cookie');
  ctx.remove('Location');
}
