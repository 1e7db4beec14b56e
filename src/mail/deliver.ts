// Delivering one mail of the outbox. It throws when the mail server does not take it, so that the job
// runner tries again later, ever more seldom.
import nodemailer, { type Transporter } from 'nodemailer';
import type { MailConfig } from '../config/mail.ts';
import type { Database } from '../storage/database.ts';
import { findUnsentMail, markMailSent } from '../storage/outgoing-mails.ts';
import { composeMail } from './compose.ts';
import { openMail } from './outbox.ts';

export interface DeliveryDeps {
  db: Database;
  encryptionKeys: Buffer[];
  productName: string;
  mail: MailConfig;
  issuer: string;
}

/** The job that delivers the mail of an id. In a demo mails stay where they are: the mailbox shows them. */
export function createMailDelivery(deps: DeliveryDeps): (payload: unknown) => Promise<void> {
  const { mail: config } = deps;
  if (config.kind === 'mailbox') return async () => undefined;
  const transport = openTransport(config.url);
  return async (payload) => {
    const { id } = payload as { id: string };
    const row = await findUnsentMail(deps.db, id);
    if (!row?.sealed) return;
    const composed = composeMail(openMail(row.sealed, deps.encryptionKeys), deps.productName);
    const sending = transport.sendMail({
      from: config.from,
      ...composed,
      // One address, never parsed again: what a person typed must not name a second receiver.
      to: { name: '', address: composed.to },
      // Always the same: a mail that was taken without our hearing of it is known by its id.
      messageId: `<${row.id}@${new URL(deps.issuer).hostname}>`,
      headers: { 'Auto-Submitted': 'auto-generated' },
      disableFileAccess: true,
      disableUrlAccess: true,
    });
    await sending.catch((error) => {
      throw withoutAddresses(error);
    });
    await markMailSent(deps.db, row.id);
  };
}

// Mail servers repeat addresses, and the words of a failed job are kept in its row and in the log.
function withoutAddresses(error: unknown): Error {
  const words = error instanceof Error ? error.message : String(error);
  return new Error(words.replace(/[^\s<>"]+@[^\s<>"]+/g, '(address)'));
}

// smtps:// is TLS from the start; smtp:// must change to TLS, except on this machine.
function openTransport(url: string): Transporter {
  const { protocol, hostname, port, username, password } = new URL(url);
  const local = /^(localhost|127\.0\.0\.1|\[::1\])$/.test(hostname);
  const secure = protocol === 'smtps:';
  return nodemailer.createTransport({
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port ? Number(port) : secure ? 465 : 587,
    secure,
    requireTLS: !secure && !local,
    // On this machine nobody listens, and its mail server has a certificate that nobody signed.
    ...(local && !secure ? { tls: { rejectUnauthorized: false } } : {}),
    ...(username
      ? { auth: { user: decodeURIComponent(username), pass: decodeURIComponent(password) } }
      : {}),
    connectionTimeout: 10_000,
    greetingTimeout: 10_000,
    socketTimeout: 20_000,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
}
