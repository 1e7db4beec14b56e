// All benchmarks, in the order in which they run, with what is asked of each.

import { applications } from './benchmarks/applications.ts';
import type { Benchmark } from './benchmarks/benchmark.ts';
import { besideBare } from './benchmarks/beside-bare.ts';
import { besideHashes } from './benchmarks/beside-hashes.ts';
import { manyClients } from './benchmarks/many-clients.ts';
import { roundTrips } from './benchmarks/round-trips.ts';
import { twoProcesses } from './benchmarks/two-processes.ts';
import { ALGORITHMS } from './scenario.ts';
import { clientCredentials } from './workloads/client-credentials.ts';
import { codeExchange } from './workloads/code-exchange.ts';
import { refresh } from './workloads/refresh.ts';
import { signIn, singleSignOn } from './workloads/sign-in.ts';
import { introspection, userinfo } from './workloads/token-use.ts';

export const BENCHMARKS: Benchmark[] = [
  roundTrips,
  ...ALGORITHMS.map((algorithm) =>
    besideBare(clientCredentials(algorithm), { algorithm, target: 0.95 }),
  ),
  besideBare(codeExchange('code-exchange', 'api')),
  besideBare(codeExchange('code-opaque', 'identity')),
  besideBare(refresh),
  besideBare(signIn, { target: 0.7, longer: 2 }),
  besideBare(singleSignOn),
  besideBare(introspection),
  besideBare(userinfo),
  twoProcesses('RS256'),
  twoProcesses('ES256'),
  besideHashes('ES256'),
  besideHashes('RS256'),
  applications,
  manyClients,
];
