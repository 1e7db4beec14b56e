// The audit trail: append-only rows, refused by a trigger to be changed or deleted.
import type { Database } from './database.ts';
import { inUnitOfWork } from './unit-of-work.ts';

export interface AuditEvent {
  type: string;
  accountId?: string | undefined;
  clientId?: string | undefined;
  network?: string | undefined;
  correlationId?: string | undefined;
  detail?: Record<string, unknown> | undefined;
}

/** Appends events in the commit of what caused them; a refused request keeps them. */
export async function insertAuditEvents(db: Database, events: AuditEvent[]): Promise<void> {
  await inUnitOfWork(db.knex, (unit) => {
    for (const event of events) {
      const operation = {
        op: 'audit',
        type: event.type,
        account_id: event.accountId ?? null,
        client_id: event.clientId ?? null,
        network: event.network ?? null,
        correlation_id: event.correlationId ?? null,
        detail: event.detail ?? {},
      };
      unit.write(operation, { kept: true });
    }
  });
}
