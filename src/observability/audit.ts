// Audit: security events are gathered while a request runs and written in its transaction.
import type { Context } from 'koa';
import { type AuditEvent, insertAuditEvents } from '../storage/audit-events.ts';
import type { Database } from '../storage/database.ts';

/** Adds an event to the request; network and correlation id are filled in. */
export function audit(ctx: Context, event: AuditEvent): void {
  const gathered = {
    network: ctx.state['network'],
    correlationId: ctx.state['correlationId'],
    ...event,
  };
  ctx.state['audit'] = [...gatheredEvents(ctx), gathered];
}

/** Hands the gathered events to the running unit of work and forgets them. */
export async function writeAuditEvents(ctx: Context, db: Database): Promise<void> {
  const events = gatheredEvents(ctx);
  if (events.length === 0) return;
  ctx.state['audit'] = [];
  await insertAuditEvents(db, events);
}

function gatheredEvents(ctx: Context): AuditEvent[] {
  return ctx.state['audit'] ?? [];
}
