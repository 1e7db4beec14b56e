// Mails that wait to be sent, and those that were. A job delivers each; both commit together.
import { randomUUID } from 'node:crypto';
import type { Database } from './database.ts';

export interface OutgoingMailRow {
  id: string;
  kind: string;
  /** The mail, sealed; null once it was sent. */
  sealed: Buffer | null;
  created_at: Date;
  sent_at: Date | null;
}

// A mail server that hangs holds one of two lanes, and never the other jobs.
const LANES = 2;
// With the delays of the job runner (e to the power of the attempt, in seconds) some four days.
const ATTEMPTS = 14;

/** Writes a mail and its job in the running unit of work. */
export async function insertOutgoingMail(
  db: Database,
  mail: { kind: string; sealed: Buffer },
): Promise<void> {
  const query = await db.write();
  const id = randomUUID();
  const lane = `mail-${Number.parseInt(id.slice(0, 2), 16) % LANES}`;
  await query.raw(
    `WITH mail AS (INSERT INTO outgoing_mails (id, kind, sealed) VALUES (:id, :kind, :sealed))
     SELECT graphile_worker.add_job('deliver-mail', json_build_object('id', :id::text),
       queue_name := :lane, max_attempts := :attempts)`,
    { id, kind: mail.kind, sealed: mail.sealed, lane, attempts: ATTEMPTS },
  );
}

/** One mail that was not sent yet. */
export async function findUnsentMail(
  db: Database,
  id: string,
): Promise<OutgoingMailRow | undefined> {
  const query = await db.query();
  return query<OutgoingMailRow>('outgoing_mails').where({ id }).whereNull('sent_at').first();
}

/** Notes that a mail was taken by the mail server, and forgets what it said. */
export async function markMailSent(db: Database, id: string): Promise<void> {
  const query = await db.write();
  await query('outgoing_mails').where({ id }).update({ sent_at: query.fn.now(), sealed: null });
}

/** The newest mails of a mailbox that nothing leaves. */
export async function listMails(db: Database, limit: number): Promise<OutgoingMailRow[]> {
  const query = await db.query();
  return query<OutgoingMailRow>('outgoing_mails')
    .whereNotNull('sealed')
    .orderBy('created_at', 'desc')
    .limit(limit);
}

/** One mail of that mailbox. */
export async function findMail(db: Database, id: string): Promise<OutgoingMailRow | undefined> {
  const query = await db.query();
  return query<OutgoingMailRow>('outgoing_mails').whereRaw('id::text = ?', [id]).first();
}
