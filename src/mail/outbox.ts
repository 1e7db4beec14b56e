// The outbox: a mail is a row that commits with the change that caused it, and a job that delivers it.
import type { Language } from '../http/i18n.ts';
import type { Database } from '../storage/database.ts';
import { insertOutgoingMail } from '../storage/outgoing-mails.ts';
import { seal, unseal } from '../storage/sealed-value.ts';
import type { MailKind } from './kinds.ts';

/** What a mail is made of. `link` is an absolute URL; it may carry a one-time token. */
export interface Mail {
  kind: MailKind;
  to: string;
  language: Language;
  values?: Record<string, string>;
  link?: string;
}

export interface Outbox {
  /** Writes the mail in the running unit of work: it is sent when that commits, and only then. */
  queue(mail: Mail): Promise<void>;
}

/** Links and addresses are sealed: a dump of the database shows nobody's mail. */
export function createOutbox(deps: { db: Database; encryptionKeys: Buffer[] }): Outbox {
  const [key] = deps.encryptionKeys;
  if (!key) throw new Error('no encryption key is configured');
  return {
    queue: (mail) =>
      insertOutgoingMail(deps.db, {
        kind: mail.kind,
        sealed: seal(key, JSON.stringify(mail), CONTEXT),
      }),
  };
}

/** The mail of a row. Throws when none of the keys fits. */
export function openMail(sealed: Buffer, encryptionKeys: Buffer[]): Mail {
  return JSON.parse(unseal(encryptionKeys, sealed, CONTEXT));
}

const CONTEXT = 'outgoing mail';
