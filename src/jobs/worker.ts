// The job runner: graphile-worker, inside every server process. Jobs are rows, so one node's crash
// hands them to another; a schedule runs once in all nodes together.
import { setTimeout } from 'node:timers/promises';
import { Logger as JobLogger, parseCronItems, type Runner, run } from 'graphile-worker';
import type { Logger } from '../observability/logger.ts';
import { openJobPool } from '../storage/job-pool.ts';

/** What a job does with its payload. It may be called again after a crash, so it must bear that. */
export type Task = (payload: unknown) => Promise<void>;

export interface Jobs {
  /** Finishes the jobs that run, and takes no more. */
  stop(): Promise<void>;
}

export interface JobsDeps {
  /** Reaches the database without a pooler, where that can be. */
  url: string;
  tasks: Record<string, Task>;
  /** Which task runs when, as five cron fields in UTC. */
  schedule: { task: string; match: string }[];
  logger: Logger;
  onOutcome: (task: string, outcome: 'done' | 'failed') => void;
  /** How many at once; two of four may hang on a mail server, and two are left for the rest. */
  concurrency?: number;
  /** How often due jobs are looked for that nobody announced: those that failed before, above all. */
  pollMs?: number;
  /** Jobs with one of these flags have to wait. */
  flagsThatWait?: () => string[];
}

const CONCURRENCY = 4;
const POLL_MS = 2000;
const RESTART_MS = 5000;

/** Starts the runner, and starts it again when it gives up for want of a database. */
export function startJobs(deps: JobsDeps): Jobs {
  const stopping = new AbortController();
  let runner: Runner | undefined;
  const onError = (error: unknown) =>
    deps.logger.warn({ error }, 'the job runner lost a connection');
  const pool = openJobPool({ url: deps.url, name: 'gatehouse-jobs', onError });

  const keepRunning = async () => {
    while (!stopping.signal.aborted) {
      try {
        runner = await startRunner(deps, pool);
        if (stopping.signal.aborted) await runner.stop();
        await runner.promise;
      } catch (error) {
        deps.logger.warn({ error }, 'the job runner stopped');
      }
      runner = undefined;
      await setTimeout(RESTART_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  };

  const running = keepRunning();
  return {
    async stop() {
      stopping.abort();
      await runner?.stop().catch(() => undefined);
      await running;
      await pool.end();
    },
  };
}

function startRunner(deps: JobsDeps, pgPool: ReturnType<typeof openJobPool>): Promise<Runner> {
  const { tasks, schedule, logger, onOutcome, flagsThatWait } = deps;
  const counted = Object.entries(tasks).map(([name, task]) => {
    const run: Task = async (payload) => {
      try {
        await task(payload);
        onOutcome(name, 'done');
      } catch (error) {
        onOutcome(name, 'failed');
        logger.error({ error, task: name }, 'a job failed and will be tried again');
        throw error;
      }
    };
    return [name, run] as const;
  });
  return run({
    pgPool,
    concurrency: deps.concurrency ?? CONCURRENCY,
    pollInterval: deps.pollMs ?? POLL_MS,
    ...(flagsThatWait ? { forbiddenFlags: flagsThatWait } : {}),
    // Without a batch the runner waits for no answer when it writes down how a job ended: a connection
    // lost at that moment would end the whole process. With one, it stops in order and is started again.
    preset: { worker: { completeJobBatchDelay: 0, failJobBatchDelay: 0 } },
    // Behind a pooler a prepared statement may be on another connection.
    noPreparedStatements: true,
    noHandleSignals: true,
    taskList: Object.fromEntries(counted),
    parsedCronItems: parseCronItems(schedule.map((item) => ({ ...item, identifier: item.task }))),
    logger: new JobLogger(() => (level, message) => {
      if (level === 'error' || level === 'warning') logger.warn({ job: message }, 'job runner');
    }),
  });
}
