// The jobs of a server. Loaded after it listens: nobody waits for the runner.
import { eraseDeletedAccounts } from '../accounts/delete-account.ts';
import { createResetAnswer } from '../accounts/recovery/answer-reset.ts';
import { createSignUpAnswer } from '../accounts/sign-up/answer-sign-up.ts';
import { eraseDeletedApplications } from '../applications/lifecycle/end-application.ts';
import type { ServerConfig } from '../config.ts';
import { renewUpstreamTokens } from '../federation/sessions/renew-upstream.ts';
import type { Upstreams } from '../federation/upstreams/upstreams.ts';
import { type Jobs, startJobs, type Task } from '../jobs/worker.ts';
import { createMailDelivery } from '../mail/deliver.ts';
import { createOutbox } from '../mail/outbox.ts';
import type { Logger } from '../observability/logger.ts';
import type { Metrics } from '../observability/metrics.ts';
import { rotateDueSigningKeys } from '../oidc/keys/rotate-keys.ts';
import type { Database } from '../storage/database.ts';
import { pruneExpired } from '../storage/pruning.ts';
import { releaseLostJobs } from '../storage/queued-jobs.ts';

interface BackgroundDeps {
  config: ServerConfig;
  db: Database;
  logger: Logger;
  metrics: Metrics | undefined;
  upstreams: Upstreams;
}

/** What the jobs do, by name. */
export function createTasks(deps: BackgroundDeps): Record<string, Task> {
  const { config, db, metrics } = deps;
  const { encryptionKeys } = config.secrets;
  const outbox = createOutbox({ db, encryptionKeys });
  return {
    'deliver-mail': createMailDelivery({
      ...{ db, encryptionKeys, issuer: config.issuer, productName: config.productName },
      mail: config.mail ?? { kind: 'mailbox' },
    }),
    'answer-sign-up': createSignUpAnswer({ db, outbox, issuer: config.issuer }),
    'answer-reset': createResetAnswer({ db, outbox, issuer: config.issuer, encryptionKeys }),
    async prune() {
      await releaseLostJobs(db);
      await pruneExpired(db, (table, rows) => metrics?.pruned(table, rows));
    },
    async 'erase-accounts'() {
      await eraseDeletedAccounts(db, config.erasureDays);
    },
    async 'erase-applications'() {
      await eraseDeletedApplications(db);
    },
    async 'renew-upstream-tokens'() {
      await renewUpstreamTokens({
        ...{ db, encryptionKeys, upstreams: deps.upstreams },
        onError: (error) => deps.logger.warn({ error }, 'an upstream could not be asked'),
      });
    },
    async 'rotate-signing-keys'() {
      await rotateDueSigningKeys({ db, encryptionKeys, keyTimes: config.keyTimes });
    },
  };
}

/** Starts the jobs of this node; a schedule runs once in all nodes together. */
export function startBackgroundJobs(deps: BackgroundDeps): Jobs {
  const { config, logger, metrics } = deps;
  return startJobs({
    url: config.databaseDirectUrl,
    logger,
    onOutcome: (task, outcome) => metrics?.job(task, outcome),
    tasks: createTasks(deps),
    schedule: [
      { task: 'prune', match: '* * * * *' },
      { task: 'erase-accounts', match: '41 * * * *' },
      { task: 'erase-applications', match: '47 * * * *' },
      { task: 'renew-upstream-tokens', match: '*/5 * * * *' },
      { task: 'rotate-signing-keys', match: '17 * * * *' },
    ],
  });
}
