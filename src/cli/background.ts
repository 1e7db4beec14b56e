// The jobs of a server. Loaded after it listens: nobody waits for the runner.
import { eraseDeletedAccounts } from '../accounts/delete-account.ts';
import { createResetAnswer } from '../accounts/recovery/answer-reset.ts';
import { createSignUpAnswer } from '../accounts/sign-up/answer-sign-up.ts';
import {
  expireCredentials,
  remindOfExpiry,
} from '../applications/credentials/expire-credentials.ts';
import { eraseDeletedApplications } from '../applications/lifecycle/end-application.ts';
import { expireSubscriptions } from '../applications/subscriptions/end-subscription.ts';
import { createSubscriptionMails } from '../applications/subscriptions/subscription-mails.ts';
import { MAIL_TASK } from '../applications/subscriptions/subscription-state.ts';
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
import { createWebhookDelivery, createWebhookFetches } from '../webhooks/deliver.ts';
import { createLanes } from '../webhooks/lanes.ts';
import { createApprovalDecision } from './webhooks/approval-decision.ts';

interface BackgroundDeps {
  config: ServerConfig;
  db: Database;
  logger: Logger;
  metrics: Metrics | undefined;
  upstreams: Upstreams;
}

/** What the jobs do, by name. */
export function createTasks(deps: BackgroundDeps, lanes = createLanes()) {
  const { config, db, metrics } = deps;
  const { encryptionKeys, hashKeys } = config.secrets;
  const outbox = createOutbox({ db, encryptionKeys });
  // A server that is itself on http runs on loopback, and so do those who are told of events.
  const isLocal = config.issuer.startsWith('http:');
  return {
    'deliver-mail': createMailDelivery({
      ...{ db, encryptionKeys, issuer: config.issuer, productName: config.productName },
      mail: config.mail ?? { kind: 'mailbox' },
    }),
    [MAIL_TASK]: createSubscriptionMails({ db, outbox, issuer: config.issuer }),
    async 'expire-subscriptions'() {
      await expireSubscriptions(db);
    },
    'answer-sign-up': createSignUpAnswer({ db, outbox, issuer: config.issuer }),
    'answer-reset': createResetAnswer({ db, outbox, issuer: config.issuer, encryptionKeys }),
    'deliver-webhook': createWebhookDelivery(
      {
        ...{ db, encryptionKeys, decide: createApprovalDecision({ db, hashKeys }) },
        fetchFor: createWebhookFetches({ privateNetwork: isLocal, insecure: isLocal }),
      },
      lanes,
    ),
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
    'expire-credentials': () => expireCredentials(db),
    'remind-of-expiry': () => remindOfExpiry({ db, outbox, issuer: config.issuer }),
    async 'rotate-signing-keys'() {
      await rotateDueSigningKeys({ db, encryptionKeys, keyTimes: config.keyTimes });
    },
  } satisfies Record<string, Task>;
}

/** Starts the jobs of this node; a schedule runs once in all nodes together. */
export function startBackgroundJobs(deps: BackgroundDeps): Jobs {
  const { config, logger, metrics } = deps;
  const common = {
    url: config.databaseDirectUrl,
    logger,
    onOutcome: (task: string, outcome: 'done' | 'failed') => metrics?.job(task, outcome),
  };
  const lanes = createLanes();
  const { 'deliver-webhook': deliverWebhook, ...tasks } = createTasks(deps, lanes);
  const jobs = startJobs({
    ...common,
    tasks,
    schedule: [
      { task: 'prune', match: '* * * * *' },
      { task: 'expire-subscriptions', match: '* * * * *' },
      { task: 'erase-accounts', match: '41 * * * *' },
      { task: 'erase-applications', match: '47 * * * *' },
      { task: 'renew-upstream-tokens', match: '*/5 * * * *' },
      { task: 'expire-credentials', match: '* * * * *' },
      { task: 'remind-of-expiry', match: '23 * * * *' },
      { task: 'rotate-signing-keys', match: '17 * * * *' },
    ],
  });
  // A runner of their own: receivers that hang hold up each other, and never a mail.
  const deliveries = startJobs({
    ...common,
    tasks: { 'deliver-webhook': deliverWebhook },
    schedule: [],
    concurrency: 8,
    pollMs: 10_000,
    flagsThatWait: lanes.full,
  });
  return {
    stop: async () => {
      await Promise.all([jobs.stop(), deliveries.stop()]);
    },
  };
}
