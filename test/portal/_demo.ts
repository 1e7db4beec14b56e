// The whole demo as a newcomer starts it, for the tests of one file.
import type { TestFn } from 'ava';
import type { DemoAccount, DemoFile } from '../../src/demo/demo-file.ts';
import {
  freePorts,
  type GatehouseProcess,
  readDemo,
  run,
  temporaryDirectory,
} from '../_process.ts';
import type { Target } from '../security/_flow.ts';

export interface Demo {
  readonly file: DemoFile;
  /** The demo's server as the authorization requests of the security tests address one. */
  readonly target: Target;
  /** One of the seeded people, by the part of the address before the @. */
  account(name: 'admin' | 'dev' | 'sam'): DemoAccount;
}

/** Starts `node src/main.ts` before the tests and ends it after them. */
export function useDemo(test: TestFn, env: Record<string, string> = {}): Demo {
  const directory = temporaryDirectory();
  let server: GatehouseProcess | undefined;
  let file: DemoFile | undefined;

  test.before('the demo starts', async () => {
    const port = String(await freePorts(7));
    server = run({ GATEHOUSE_DATA_DIR: directory.path, GATEHOUSE_PORT: port, ...env });
    await server.says('Stop with Ctrl-C');
    file = readDemo(directory.path);
  });
  test.after.always('the demo ends', async () => {
    await server?.stop();
    directory.remove();
  });

  const started = (): DemoFile => {
    if (file) return file;
    throw new Error('the demo has not started yet');
  };
  return {
    get file() {
      return started();
    },
    get target() {
      const { issuer, accounts, clients } = started();
      const client = (kind: string) =>
        expectOne(clients, (candidate) => candidate.kind === kind, `client of the kind ${kind}`);
      return { issuer, accounts, client };
    },
    account(name) {
      const { accounts } = started();
      return expectOne(accounts, ({ email }) => email.startsWith(`${name}@`), `account ${name}`);
    },
  };
}

function expectOne<T>(all: T[], isIt: (one: T) => boolean, name: string): T {
  const found = all.find(isIt);
  if (found !== undefined) return found;
  throw new Error(`the demo has no ${name}`);
}
