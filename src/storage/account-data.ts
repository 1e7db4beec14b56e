// What is stored of one account, for its owner: the events, and all of it for a download.
import type { Database } from './database.ts';

export interface AccountEvent {
  id: string;
  at: Date;
  type: string;
  network: string | null;
  client_id: string | null;
  client_name: string | null;
  detail: Record<string, unknown>;
}

/** Events of these types, the newest first, from before the one with this id. */
export async function listAccountEvents(
  db: Database,
  accountId: string,
  page: { types?: string[]; before?: string | undefined; limit: number },
): Promise<AccountEvent[]> {
  const query = await db.query();
  return query('audit_events')
    .leftJoin('clients', 'clients.id', 'audit_events.client_id')
    .select('audit_events.id', 'at', 'type', 'network', 'client_id', 'detail')
    .select({ client_name: 'clients.name' })
    .where({ account_id: accountId })
    .modify((builder) => {
      if (page.types) builder.whereIn('type', page.types);
      if (page.before !== undefined) builder.where('audit_events.id', '<', page.before);
    })
    .orderBy('audit_events.id', 'desc')
    .limit(page.limit);
}

/** The consents of an account. */
export async function listConsents(db: Database, accountId: string) {
  const query = await db.query();
  return query('consents')
    .select('client_id', 'resource', 'scope', 'given_at')
    .where({ account_id: accountId })
    .orderBy('given_at');
}
