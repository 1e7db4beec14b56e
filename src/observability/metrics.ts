// Metrics for Prometheus: the process, requests, jobs, and the tables that grow with use.
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

export interface Metrics {
  /** One finished request; `route` is one of a bounded set. */
  request(route: string, status: number, seconds: number): void;
  pruned(table: string, rows: number): void;
  job(task: string, outcome: string): void;
  /** The text that Prometheus reads, and its content type. */
  read(): Promise<{ type: string; text: string }>;
}

export interface MetricsDeps {
  /** Sizes of the tables that grow with use. Its failure leaves the rest of the metrics alone. */
  readGrowth: () => Promise<
    { table: string; rows: number; bytes: number; overdueSeconds: number }[]
  >;
}

/** Creates the metrics of one process. */
export function createMetrics({ readGrowth }: MetricsDeps): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const requests = new Histogram({
    name: 'gatehouse_http_request_duration_seconds',
    help: 'Time until the answer of a request was ready',
    labelNames: ['route', 'status'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
    registers,
  });
  const pruned = new Counter({
    name: 'gatehouse_pruned_rows_total',
    help: 'Expired rows that this process deleted',
    labelNames: ['table'],
    registers,
  });
  const jobs = new Counter({
    name: 'gatehouse_jobs_total',
    help: 'Jobs that this process ran',
    labelNames: ['task', 'outcome'],
    registers,
  });
  const labelNames = ['table'];
  const rows = new Gauge({
    name: 'gatehouse_table_rows',
    help: 'Rows of a table that grows with use (an estimate)',
    labelNames,
    registers,
  });
  const bytes = new Gauge({
    name: 'gatehouse_table_bytes',
    help: 'Size of a table that grows with use, with its indexes',
    labelNames,
    registers,
  });
  const overdue = new Gauge({
    name: 'gatehouse_expired_rows_oldest_seconds',
    help: 'How long the oldest expired row has been waiting to be pruned',
    labelNames,
    registers,
  });

  const measureGrowth = async () => {
    for (const gauge of [rows, bytes, overdue]) gauge.reset();
    for (const growth of await readGrowth().catch(() => [])) {
      const { table } = growth;
      rows.set({ table }, growth.rows);
      bytes.set({ table }, growth.bytes);
      overdue.set({ table }, growth.overdueSeconds);
    }
  };

  return {
    request: (route, status, seconds) => requests.observe({ route, status }, seconds),
    pruned: (table, count) => pruned.inc({ table }, count),
    job: (task, outcome) => jobs.inc({ task, outcome }),
    async read() {
      await measureGrowth();
      return { type: registry.contentType, text: await registry.metrics() };
    },
  };
}
