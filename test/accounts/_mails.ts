// The mails that a server has queued, opened with its keys.
import { type Mail, openMail } from '../../src/mail/outbox.ts';
import type { Server } from '../_installation.ts';

/** The mails queued for an address, the oldest first. */
export async function mailsTo(
  server: Pick<Server, 'db' | 'secrets'>,
  address: string,
): Promise<Mail[]> {
  const query = await server.db.query();
  const rows = await query('outgoing_mails').whereNotNull('sealed').orderBy('created_at');
  return rows
    .map(({ sealed }) => openMail(sealed, server.secrets.encryptionKeys))
    .filter(({ to }) => to.toLowerCase() === address.toLowerCase());
}

/** The link of the newest mail to an address. */
export async function linkTo(
  server: Pick<Server, 'db' | 'secrets'>,
  address: string,
): Promise<string> {
  const link = (await mailsTo(server, address)).at(-1)?.link;
  if (!link) throw new Error(`no mail with a link to ${address}`);
  return link;
}
