// The audit trail: append-only rows, refused by a trigger to be changed or deleted.
import type { Knex } from 'knex';

export interface AuditEvent {
  type: string;
  accountId?: string | undefined;
  clientId?: string | undefined;
  network?: string | undefined;
  correlationId?: string | undefined;
  detail?: Record<string, unknown> | undefined;
}

/** Appends events in the transaction that caused them. */
export async function insertAuditEvents(query: Knex, events: AuditEvent[]): Promise<void> {
  if (events.length === 0) return;
  await query('audit_events').insert(
    events.map((event) => ({
      type: event.type,
      account_id: event.accountId ?? null,
      client_id: event.clientId ?? null,
      network: event.network ?? null,
      correlation_id: event.correlationId ?? null,
      detail: JSON.stringify(event.detail ?? {}),
    })),
  );
}
