// What happened to an application, from the audit trail.
import type { Database } from './database.ts';

export interface ApplicationEvent {
  id: string;
  at: Date;
  type: string;
  network: string | null;
  detail: Record<string, unknown>;
  /** Who did it, if they are a member; nobody learns the names of administrators. */
  member: { name: string; email: string } | undefined;
}

/** Events of these types, the newest first, from before the one with this id. */
export async function listApplicationEvents(
  db: Database,
  applicationId: string,
  page: { types: string[]; before?: string | undefined; limit: number },
): Promise<ApplicationEvent[]> {
  const query = await db.query();
  const rows = await query('audit_events')
    .leftJoin('application_members AS m', (join) =>
      join
        .on('m.account_id', 'audit_events.account_id')
        .andOnVal('m.application_id', applicationId),
    )
    .leftJoin('accounts', 'accounts.id', 'm.account_id')
    .select('audit_events.id', 'at', 'type', 'network', 'detail')
    .select('email', 'given_name', 'family_name')
    .whereRaw("detail->>'application_id' = ?", [applicationId])
    .whereIn('type', page.types)
    .modify((builder) => {
      if (page.before !== undefined) builder.where('audit_events.id', '<', page.before);
    })
    .orderBy('audit_events.id', 'desc')
    .limit(page.limit);
  return rows.map((row: EventRow) => ({
    ...{ id: row.id, at: row.at, type: row.type, detail: row.detail },
    // An administrator's network is as little theirs to know as the name.
    network: row.email === null ? null : row.network,
    member:
      row.email === null
        ? undefined
        : { name: [row.given_name, row.family_name].filter(Boolean).join(' '), email: row.email },
  }));
}

interface EventRow extends Omit<ApplicationEvent, 'member'> {
  email: string | null;
  given_name: string | null;
  family_name: string | null;
}
