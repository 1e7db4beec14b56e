// What a command needs that sends a mail: it is queued with the change, and the server delivers it.
import { UsageError } from '../errors.ts';
import { createOutbox, type Outbox } from '../mail/outbox.ts';
import type { Database } from '../storage/database.ts';
import { findInstallation } from '../storage/installation.ts';
import type { Installation } from './open.ts';

/** Throws a UsageError where no mail can be sent. */
export async function mailDeps({
  db,
  secrets,
  mail,
}: Installation): Promise<{ db: Database; outbox: Outbox; issuer: string }> {
  if (!mail)
    throw new UsageError(
      'This sends a mail: set GATEHOUSE_SMTP_URL and GATEHOUSE_MAIL_FROM, as for the server.',
    );
  const installed = await findInstallation(db);
  if (!installed)
    throw new UsageError('Start the server once: the links of mails lead to its issuer.');
  const { encryptionKeys } = await secrets();
  return { db, issuer: installed.issuer, outbox: createOutbox({ db, encryptionKeys }) };
}
