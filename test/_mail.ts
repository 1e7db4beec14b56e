// The mails that a server wrote: the jobs that write them are run first, as its job runner would.
import { Logger, runOnce } from 'graphile-worker';
import { createTasks } from '../src/cli/background.ts';
import type { ServerConfig } from '../src/config.ts';
import { createUpstreams, type Upstreams } from '../src/federation/upstreams/upstreams.ts';
import { type ComposedMail, composeMail } from '../src/mail/compose.ts';
import { openMail } from '../src/mail/outbox.ts';
import { createLogger } from '../src/observability/logger.ts';
import type { Database } from '../src/storage/database.ts';
import { openJobPool } from '../src/storage/job-pool.ts';
import { listMails } from '../src/storage/outgoing-mails.ts';
import { routeTo } from './federation/upstreams/_fake.ts';

interface MailServer {
  config: ServerConfig;
  db: Database;
  /** Where jobs ask them; nobody, unless given. */
  upstreams?: Upstreams;
}

export interface ReceivedMail extends ComposedMail {
  kind: string;
  /** The link of the mail; fails when there is none. */
  link(): string;
}

/** Runs the jobs that are due, as the server's job runner would. */
export async function runJobs({ config, db, upstreams }: MailServer): Promise<void> {
  const logger = createLogger({ level: 'silent', name: 'jobs' });
  // Closed before the database is dropped; the runner's own pool closes some time later.
  const pool = openJobPool({
    url: config.databaseUrl,
    name: 'test-jobs',
    onError: () => undefined,
  });
  try {
    await runOnce({
      pgPool: pool,
      taskList: createTasks({
        ...{ config, db, logger, metrics: undefined },
        upstreams: upstreams ?? noUpstreams(config.issuer),
      }),
      noHandleSignals: true,
      logger: new Logger(() => () => undefined),
    });
  } finally {
    await pool.end();
  }
}

function noUpstreams(issuer: string): Upstreams {
  const fetchFor = () => routeTo([]);
  return createUpstreams({ issuer, readSecret: () => '', fetchFor, insecure: true });
}

/** Runs the jobs that are due, then answers the mails to an address, the newest first. */
export async function receiveMail(server: MailServer, to: string): Promise<ReceivedMail[]> {
  const { config, db } = server;
  await runJobs(server);
  const rows = await listMails(db, 1000);
  return rows.flatMap((row) => {
    const mail = openMail(row.sealed ?? Buffer.alloc(0), config.secrets.encryptionKeys);
    if (mail.to.toLowerCase() !== to.toLowerCase()) return [];
    const composed = composeMail(mail, config.productName);
    return [{ ...composed, kind: row.kind, link: () => linkOf(composed.text) }];
  });
}

function linkOf(text: string): string {
  const [link] = /https?:\/\/\S+/.exec(text) ?? [];
  if (!link) throw new Error(`no link in this mail:\n${text}`);
  return link;
}
