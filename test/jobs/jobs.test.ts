// Jobs run in real server processes: scheduled ones once, interrupted ones again, and a database
// that went away for a while stops neither the runner nor the server.
import test from 'ava';
import pg from 'pg';
import { startJobs } from '../../src/jobs/worker.ts';
import { createLogger } from '../../src/observability/logger.ts';
import { areJobsPending, JOBS_REVISION } from '../../src/storage/job-migrations.ts';
import { createInstallation, type Installation } from '../_installation.ts';
import { startNodes } from '../_nodes.ts';
import { freePorts } from '../_process.ts';
import { eventually, requestToken } from '../_protocol.ts';

const silent = createLogger({ level: 'silent', name: 'test' });

async function withInstallation(work: (installation: Installation) => Promise<void>) {
  const installation = await createInstallation();
  try {
    await work(installation);
  } finally {
    await installation.remove();
  }
}

function startOne(installation: Installation, task: (payload: unknown) => Promise<void>) {
  const outcomes: string[] = [];
  const jobs = startJobs({
    url: installation.databaseUrl,
    tasks: { say: task },
    schedule: [],
    logger: silent,
    onOutcome: (_task, outcome) => outcomes.push(outcome),
  });
  return { jobs, outcomes };
}

const addJob = ({ db }: Installation, payload: unknown) =>
  db.knex.raw('SELECT graphile_worker.add_job(?, ?::json)', ['say', JSON.stringify(payload)]);

test('a job that was written runs once, whichever node takes it', async (t) => {
  await withInstallation(async (installation) => {
    const said: unknown[] = [];
    const say = async (payload: unknown) => void said.push(payload);
    const nodes = [startOne(installation, say), startOne(installation, say)];
    for (let number = 0; number < 20; number += 1) await addJob(installation, { number });
    await eventually(
      async () => said.length,
      (length) => length >= 20,
    );
    for (const { jobs } of nodes) await jobs.stop();
    t.is(new Set(said.map((payload) => JSON.stringify(payload))).size, 20);
    t.is(said.length, 20);
  });
});

test('a job whose end cannot be written down ends neither the process nor the runner', async (t) => {
  await withInstallation(async (installation) => {
    const { knex } = installation.db;
    await knex.raw(`
      CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'terminating connection' USING ERRCODE = '57P01'; END $$;
      CREATE TRIGGER refuse BEFORE DELETE ON graphile_worker._private_jobs
        FOR EACH ROW EXECUTE FUNCTION refuse()`);
    const said: unknown[] = [];
    const { jobs } = startOne(installation, async (payload) => void said.push(payload));
    await addJob(installation, 'the first');
    await eventually(
      async () => said.length,
      (length) => length > 0,
    );
    await knex.raw('DROP TRIGGER refuse ON graphile_worker._private_jobs');
    await addJob(installation, 'another');
    await eventually(
      async () => said,
      (all) => all.includes('another'),
    );
    t.true(said.includes('another'));
    await jobs.stop();
  });
});

test('a job that fails is tried again', async (t) => {
  await withInstallation(async (installation) => {
    let attempts = 0;
    const { jobs, outcomes } = startOne(installation, async () => {
      attempts += 1;
      if (attempts === 1) throw new Error('not yet');
    });
    await addJob(installation, {});
    await eventually(
      async () => outcomes.length,
      (length) => length >= 1,
    );
    // The runner waits for seconds by design; the row says when.
    await eventually(
      async () => {
        await installation.db.knex.raw('UPDATE graphile_worker._private_jobs SET run_at = now()');
        return outcomes.length;
      },
      (length) => length >= 2,
    );
    await jobs.stop();
    t.deepEqual(outcomes, ['failed', 'done']);
  });
});

test('stopping waits for the job that runs', async (t) => {
  await withInstallation(async (installation) => {
    const steps: string[] = [];
    let finish = () => {};
    const held = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const { jobs } = startOne(installation, async () => {
      steps.push('begun');
      await held;
      steps.push('done');
    });
    await addJob(installation, {});
    await eventually(
      async () => steps.length,
      (length) => length === 1,
    );
    const stopped = jobs.stop().then(() => steps.push('stopped'));
    finish();
    await stopped;
    t.deepEqual(steps, ['begun', 'done', 'stopped']);
  });
});

test('the runner comes back when its connections break', async (t) => {
  await withInstallation(async (installation) => {
    const said: unknown[] = [];
    const { jobs } = startOne(installation, async (payload) => void said.push(payload));
    await addJob(installation, 1);
    await eventually(
      async () => said.length,
      (length) => length === 1,
    );
    const admin = new pg.Client({ connectionString: installation.databaseUrl });
    await admin.connect();
    await admin.query(
      'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
    );
    await admin.query('SELECT graphile_worker.add_job($1, $2::json)', ['say', '2']);
    await admin.end();
    await eventually(
      async () => said.length,
      (length) => length === 2,
    );
    t.deepEqual(said, [1, 2]);
    await jobs.stop();
  });
});

test('a server process prunes, counts it on its own port, and stops cleanly', async (t) => {
  const metricsPort = await freePorts(1);
  const server = await startNodes({
    count: 1,
    environment: { GATEHOUSE_METRICS_PORT: String(metricsPort) },
  });
  try {
    const params = { grant_type: 'client_credentials', scope: 'orders.read' };
    t.is((await requestToken(server, server.client('machine'), params)).status, 200);
    await server.db.knex.raw(`INSERT INTO redeemed_jtis SELECT sha256(n::text::bytea),
      now() - interval '1 hour' FROM generate_series(1, 100) AS n`);
    await server.db.knex.raw("SELECT graphile_worker.add_job('prune')");
    const read = async () => (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
    const text = await eventually(read, (found) =>
      found.includes('gatehouse_jobs_total{task="prune",outcome="done"}'),
    );
    t.regex(text, /gatehouse_pruned_rows_total\{table="redeemed_jtis"\} 100\n/);
    t.regex(text, /gatehouse_table_bytes\{table="oidc_payloads"\} \d+/);
    t.regex(text, /gatehouse_expired_rows_oldest_seconds\{table="redeemed_jtis"\} 0\n/);
    t.regex(text, /duration_seconds_count\{route="\/token",status="200"\} 1\n/);
    t.regex(text, /process_resident_memory_bytes \d+/);
    t.is((await fetch(`${server.issuer}/metrics`)).status, 404);
    t.is((await fetch(`http://127.0.0.1:${metricsPort}/token`)).status, 404);
    t.is(await server.nodes[0]?.process.stop('SIGTERM'), 0);
  } finally {
    await server.stop();
  }
});

test('the newest migration of the job runner is the one that start-up asks for', async (t) => {
  await withInstallation(async ({ db }) => {
    const [newest] = await db.knex('graphile_worker.migrations').max('id AS id');
    t.is(newest?.['id'], JOBS_REVISION);
    t.false(await areJobsPending(db));
    await db.knex('graphile_worker.migrations').where({ id: JOBS_REVISION }).delete();
    t.true(await areJobsPending(db));
    await db.knex.raw('DROP SCHEMA graphile_worker CASCADE');
    t.true(await areJobsPending(db));
  });
});
