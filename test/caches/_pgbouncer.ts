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

/** Fewer than the connections of one node, so that each server connection serves several at once. */
const SERVER_CONNECTIONS = 6;

/** Starts it. Throws when the program is not there, and with what it says when it does not listen. */
export async function startPgBouncer(databaseUrl: string): Promise<Pooler> {
  const { program, keepsStatements } = findProgram();
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
default_pool_size = ${SERVER_CONNECTIONS}
max_client_conn = 200
${keepsStatements ? 'max_prepared_statements = 0' : ''}
`,
  );
  for (const path of [directory, file]) chmodSync(path, 0o755);
  // It refuses to run as root.
  const runAs = process.getuid?.() === 0 ? ['-u', 'nobody'] : [];
  const child = spawn(program, [...runAs, file], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk) => {
    said += chunk;
  });
  const exited = once(child, 'exit');
  const stop = async () => {
    child.kill('SIGTERM');
    await exited;
    rmSync(directory, { recursive: true });
  };
  const listens = await eventually(
    () => canConnect(port),
    (can) => can || child.exitCode !== null,
  );
  if (!listens) {
    await stop();
    throw new Error(`PgBouncer does not listen:\n${said}`);
  }
  const url = new URL(databaseUrl);
  url.port = String(port);
  return { url: url.href, stop };
}

// Newer ones can prepare statements for their clients; the hard case is one that does not.
function findProgram(): { program: string; keepsStatements: boolean } {
  for (const program of ['pgbouncer', '/usr/sbin/pgbouncer']) {
    try {
      const said = execFileSync(program, ['--version'], { encoding: 'utf8' });
      const [, major = 0, minor = 0] = /PgBouncer (\d+)\.(\d+)/.exec(said) ?? [];
      return { program, keepsStatements: Number(major) > 1 || Number(minor) >= 21 };
    } catch {}
  }
  throw new Error(
    'There is no pgbouncer: install the package of that name (apt-get, dnf and brew all have it).',
  );
}

function canConnect(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
