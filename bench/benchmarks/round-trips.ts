// What one request asks of the database, counted and not timed, at a process of its own.
import { setTimeout } from 'node:timers/promises';
import { type CountingProxy, startCountingProxy } from '../counting-proxy.ts';
import { type Gatehouse, startGatehouse } from '../gatehouse.ts';
import { createSignedInBrowsers } from '../person.ts';
import { spot } from '../stage.ts';
import { clientCredentials } from '../workloads/client-credentials.ts';
import { codeExchange } from '../workloads/code-exchange.ts';
import { refresh } from '../workloads/refresh.ts';
import { signIn, singleSignOn } from '../workloads/sign-in.ts';
import { introspection, userinfo } from '../workloads/token-use.ts';
import type { Place, Workload } from '../workloads/workload.ts';
import { atMost, type Benchmark, type Verdict } from './benchmark.ts';

const TIMES = 20;
/** What every process asks now and then, whoever calls, and how it opens a connection. */
const BACKGROUND = /generations|graphile|set_config|^LISTEN/i;

interface Counts {
  roundTrips: number;
  commits: number;
}

const LIMITS: { workload: Workload; limits: Partial<Counts> }[] = [
  { workload: clientCredentials('RS256'), limits: { roundTrips: 0, commits: 0 } },
  { workload: codeExchange('code-exchange', 'api'), limits: { roundTrips: 3, commits: 1 } },
  { workload: codeExchange('code-opaque', 'identity'), limits: { roundTrips: 3, commits: 1 } },
  { workload: refresh, limits: { roundTrips: 3, commits: 1 } },
  { workload: signIn, limits: { commits: 8 } },
  { workload: singleSignOn, limits: {} },
  { workload: introspection, limits: {} },
  { workload: userinfo, limits: {} },
];

export const roundTrips: Benchmark = {
  name: 'round-trips',
  async run() {
    const proxy = await startCountingProxy();
    const gatehouse = await startGatehouse({ count: 1, databaseUrl: proxy.through });
    const before = await transactionsOf(gatehouse, proxy);
    const notes: string[] = [];
    const verdicts: Verdict[] = [];
    const signedIn = createSignedInBrowsers();
    for (const { workload, limits } of LIMITS) {
      const counts = await count({
        workload,
        proxy,
        place: {
          ...spot(gatehouse),
          worker: 0,
          seconds: 2,
          signedIn: () => signedIn(gatehouse, 0),
        },
      });
      const { roundTrips: trips, commits } = counts;
      notes.push(`${workload.name}: ${trips} round trips, ${commits} commits a request`);
      verdicts.push(...judge(workload.name, counts, limits));
    }
    const { counted, passed } = await crossCheck(gatehouse, proxy, before);
    notes.push(`${passed} transactions passed the proxy, pg_stat_database counted ${counted}`);
    await gatehouse.stop();
    proxy.close();
    return { benchmark: 'round-trips', series: [], notes, verdicts };
  },
};

async function count(deps: {
  workload: Workload;
  proxy: CountingProxy;
  place: Place;
}): Promise<Counts> {
  const { workload, proxy, place } = deps;
  const operation = await workload.prepare(place);
  await operation();
  proxy.take();
  for (let times = 0; times < TIMES; times += 1) await operation();
  const statements = proxy.take().filter(({ text }) => !BACKGROUND.test(text));
  return {
    roundTrips: statements.length / TIMES,
    commits: statements.filter(({ commits }) => commits).length / TIMES,
  };
}

function judge(name: string, counts: Counts, limits: Partial<Counts>): Verdict[] {
  const { roundTrips: trips, commits } = limits;
  return [
    ...(trips === undefined ? [] : [atMost(trips, `${name}: round trips`, counts.roundTrips)]),
    ...(commits === undefined ? [] : [atMost(commits, `${name}: commits`, counts.commits)]),
  ];
}

interface Transactions {
  passed: number;
  counted: number;
}

async function transactionsOf(gatehouse: Gatehouse, proxy: CountingProxy): Promise<Transactions> {
  const { rows } = await gatehouse.db.knex.raw(
    `SELECT (xact_commit + xact_rollback)::int AS counted FROM pg_stat_database
     WHERE datname = current_database()`,
  );
  return { passed: proxy.transactions(), counted: rows[0].counted };
}

/** PostgreSQL's connections report what they did some seconds later. */
const REPORT_MS = 12_000;

async function crossCheck(
  gatehouse: Gatehouse,
  proxy: CountingProxy,
  before: Transactions,
): Promise<Transactions> {
  const deadline = Date.now() + REPORT_MS;
  for (;;) {
    const now = await transactionsOf(gatehouse, proxy);
    const counted = now.counted - before.counted;
    const passed = now.passed - before.passed;
    if (counted >= passed || Date.now() > deadline) return { counted, passed };
    await setTimeout(500);
  }
}
