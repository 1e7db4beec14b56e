// PgBouncer in transaction mode before a database: statements of one client run on many connections.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from '../_process.ts';
import { eventually } from '../_protocol.ts';

export interface Pooler {
  /** The URL of the same database through the pooler. */
  url: string;
  stop(): Promise<void>;
}

/** Starts it. Throws when the program is not there: Debian's package is `pgbouncer`. */
export async function startPgBouncer(databaseUrl: string): Promise<Pooler> {
  const program = findProgram();
  const target = new URL(databaseUrl);
  const port = await freePorts(1);
  const directory = mkdtempSync(join(tmpdir(), 'gatehouse-pgbouncer-'));
  const file = join(directory, 'pgbouncer.ini');
  writeFileSync(
    file,
    `[databases]
* = host=${target.hostname} port=${target.port} user=${target.username} password=${target.password}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 10
max_client_conn = 200
`,
  );
  for (const path of [directory, file]) chmodSync(path, 0o755);
  // It refuses to run as root.
  const runAs = process.getuid?.() === 0 ? ['-u', 'nobody'] : [];
  const child = spawn(program, [...runAs, file], { stdio: 'ignore' });
  const exited = once(child, 'exit');
  const listens = await eventually(
    () => canConnect(port),
    (can) => can,
  );
  if (!listens) throw new Error('PgBouncer does not listen');
  const url = new URL(databaseUrl);
  url.port = String(port);
  return {
    url: url.href,
    async stop() {
      child.kill('SIGTERM');
      await exited;
      rmSync(directory, { recursive: true });
    },
  };
}

function findProgram(): string {
  for (const path of ['/usr/sbin/pgbouncer', 'pgbouncer']) {
    try {
      execFileSync(path, ['--version'], { stdio: 'ignore' });
      return path;
    } catch {}
  }
  throw new Error('There is no pgbouncer: install the package of that name.');
}

function canConnect(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
