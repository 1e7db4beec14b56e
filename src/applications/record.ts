// One trace of each change: a row of the audit trail, and an event for the webhooks.
import { insertAuditEvents } from '../storage/audit-events.ts';
import type { Database } from '../storage/database.ts';
import { insertEvent } from '../storage/events.ts';
import type { AnyActor } from './actor.ts';

export interface Change {
  /** Such as `credential.retired`. */
  type: string;
  applicationId?: string | undefined;
  clientId?: string | undefined;
  /** What else there is to know: ids and states, never a secret. */
  data?: Record<string, unknown>;
}

/** Writes both in the running transaction. */
export async function record(db: Database, actor: AnyActor, change: Change): Promise<void> {
  const { type, applicationId, clientId, data = {} } = change;
  const { kind, accountId, network, correlationId } = actor;
  const about = { ...(applicationId ? { application_id: applicationId } : {}), ...data };
  await insertAuditEvents(db, [
    { type, accountId, clientId, network, correlationId, detail: { by: kind, ...about } },
  ]);
  await insertEvent(db, {
    type,
    data: { ...about, ...(clientId ? { client_id: clientId } : {}), actor: { kind, accountId } },
  });
}
