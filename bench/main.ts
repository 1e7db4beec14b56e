// `npm run bench`: Gatehouse on PostgreSQL beside a bare oidc-provider in memory, in alternation in
// one run. Ratios count; absolute figures belong to the machine and its neighbours.
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { startBare } from './bare.ts';
import type { Result } from './benchmarks/benchmark.ts';
import { BENCHMARKS } from './benchmarks.ts';
import { startGatehouse } from './gatehouse.ts';
import { readOptions } from './options.ts';
import { describeResult, describeTargets } from './report.ts';
import { createStage } from './stage.ts';

const known = BENCHMARKS.map(({ name }) => name);
const { names, seconds, rounds, json } = readOptions(process.argv.slice(2), known);

const gatehouse = await startGatehouse({ count: 2 });
const bare = [await startBare(), await startBare()] as const;
const results: Result[] = [];
try {
  const { rows } = await gatehouse.db.knex.raw(
    `SELECT current_setting('server_version') AS version, current_setting('fsync') AS fsync,
       current_setting('synchronous_commit') AS commits`,
  );
  const [{ version, fsync, commits }] = rows;
  console.log(
    `Node ${process.version}, PostgreSQL ${version} (fsync ${fsync}, synchronous_commit ${commits}), ${cpus().length} cores of ${cpus()[0]?.model}`,
  );
  console.log(`Medians of ${rounds} rounds of ${seconds} s, 16 requests at once.`);
  console.log(
    'Opaque client credentials are not offered: a token is for an API, and those are JWTs.',
  );
  const stage = createStage({ gatehouse, bare: [...bare], seconds, rounds });
  for (const benchmark of BENCHMARKS) {
    if (names.length > 0 && !names.includes(benchmark.name)) continue;
    const result = await benchmark.run(stage);
    results.push(result);
    console.log(describeResult(result));
  }
  console.log(describeTargets(results));
  if (json) writeFileSync(json, `${JSON.stringify({ seconds, rounds, results }, undefined, 2)}\n`);
} finally {
  for (const target of [gatehouse, ...bare]) await target.stop();
}
