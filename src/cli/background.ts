// The jobs of a server. Loaded after it listens: nobody waits for the runner.
import { eraseDeletedAccounts } from '../accounts/delete-account.ts';
import type { ServerConfig } from '../config.ts';
import { type Jobs, startJobs } from '../jobs/worker.ts';
import { createMailDelivery } from '../mail/deliver.ts';
import type { Logger } from '../observability/logger.ts';
import type { Metrics } from '../observability/metrics.ts';
import { rotateDueSigningKeys } from '../oidc/keys/rotate-keys.ts';
import type { Database } from '../storage/database.ts';
import { pruneExpired } from '../storage/pruning.ts';

/** Starts the jobs of this node; a schedule runs once in all nodes together. */
export function startBackgroundJobs(deps: {
  config: ServerConfig;
  db: Database;
  logger: Logger;
  metrics: Metrics | undefined;
}): Jobs {
  const { config, db, logger, metrics } = deps;
  const { encryptionKeys } = config.secrets;
  return startJobs({
    url: config.databaseDirectUrl,
    logger,
    onOutcome: (task, outcome) => metrics?.job(task, outcome),
    tasks: {
      'deliver-mail': createMailDelivery({
        ...{ db, encryptionKeys, issuer: config.issuer, productName: config.productName },
        mail: config.mail ?? { kind: 'mailbox' },
      }),
      prune: () => pruneExpired(db, (table, rows) => metrics?.pruned(table, rows)),
      async 'erase-accounts'() {
        await eraseDeletedAccounts(db, config.erasureDays);
      },
      async 'rotate-signing-keys'() {
        await rotateDueSigningKeys({ db, encryptionKeys, keyTimes: config.keyTimes });
      },
    },
    schedule: [
      { task: 'prune', match: '* * * * *' },
      { task: 'erase-accounts', match: '41 * * * *' },
      { task: 'rotate-signing-keys', match: '17 * * * *' },
    ],
  });
}
