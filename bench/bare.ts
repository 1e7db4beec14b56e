// Starts the yardstick: processes of oidc-provider with state in memory.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Clients, Person } from './scenario.ts';
import { connect, type Target } from './target.ts';

const PROGRAM = fileURLToPath(new URL('bare-server.ts', import.meta.url));

/** One process that holds everything. What is in memory cannot be shared: more are more targets. */
export async function startBare(execArgv: string[] = []): Promise<Target> {
  const clients: Clients = {
    machine: { id: 'machine', secret: 'a-secret-of-a-machine-that-is-as-long-as-ours-are' },
    web: { id: 'web', secret: 'a-secret-of-a-portal-that-is-just-as-long-as-ours' },
    spa: { id: 'spa' },
  };
  const person: Person = { email: 'noor@example.com', password: 'a password of a benchmark' };
  const child = fork(PROGRAM, { execArgv });
  child.send({ clients, person });
  const [issuer] = (await once(child, 'message')) as [string]; // bare-server.ts sends just this
  const connection = connect(Number(new URL(issuer).port), issuer);
  return {
    name: 'bare',
    issuer,
    clients,
    person,
    processes: [connection],
    async stop() {
      await connection.close();
      const exited = once(child, 'exit');
      child.disconnect();
      await exited;
    },
  };
}
