// GET /mailbox: in the demo, the mails that would have been sent. Never mounted elsewhere.
import Router from '@koa/router';
import { AppError } from '../errors.ts';
import type { Render } from '../http/render.ts';
import type { Database } from '../storage/database.ts';
import { findMail, listMails, type OutgoingMailRow } from '../storage/outgoing-mails.ts';
import { composeMail } from './compose.ts';
import { openMail } from './outbox.ts';

export interface MailboxDeps {
  db: Database;
  render: Render;
  encryptionKeys: Buffer[];
  productName: string;
}

const SHOWN = 50;

/** The mailbox and its mails: as pages, or as JSON for scripts. */
export function createMailboxRoutes(deps: MailboxDeps): Router {
  const compose = (row: OutgoingMailRow) => ({
    id: row.id,
    kind: row.kind,
    sentAt: row.created_at.toISOString(),
    ...composeMail(openMail(row.sealed ?? Buffer.alloc(0), deps.encryptionKeys), deps.productName),
  });
  return new Router()
    .get('/mailbox', async (ctx) => {
      const mails = (await listMails(deps.db, SHOWN)).map(compose);
      if (ctx.accepts('html', 'json') === 'json') ctx.body = { mails };
      else deps.render(ctx, 'mailbox', { mails });
    })
    .get('/mailbox/:id', async (ctx) => {
      const row = await findMail(deps.db, ctx['params']['id'] ?? '');
      if (!row?.sealed) throw new AppError(404, 'not_found', 'There is no such mail.');
      deps.render(ctx, 'mailbox-mail', { mail: compose(row) });
    });
}
