// The database server itself: it restarts, becomes read-only, or loses its standby.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { openEmbeddedDatabase } from '../../src/storage/embedded/embedded-database.ts';
import { assertUnavailable, codeParams, refreshParams } from '../_at-node.ts';
import { test } from '../_one-at-a-time.ts';
import { temporaryDirectory } from '../_process.ts';
import { eventually } from '../_protocol.ts';
import { readHome, readPostmasterPid } from '../storage/_embedded-node.ts';
import { startTroubledNode, type TroubledNode } from './_outage.ts';

const directory = temporaryDirectory();
let node: TroubledNode;
test.before(async () => {
  node = await startTroubledNode({ dataDir: directory.path });
});
test.after.always(async () => {
  await node?.stop();
  directory.remove();
});

/** One statement of an operator, on a connection of its own. */
async function operate(sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: node.server.databaseUrl });
  await client.connect();
  try {
    await client.query('SET default_transaction_read_only = off');
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

const databaseName = () => new URL(node.server.databaseUrl).pathname.slice(1);

test('killed and started again, the database is served as before', async (t) => {
  const belongings = await node.handOut();
  // SIGQUIT is the immediate shutdown: as a crash, it needs recovery.
  process.kill(await readPostmasterPid(directory.path), 'SIGQUIT');
  const home = await readHome(directory.path);
  await eventually(
    () => readPostmasterPid(directory.path).catch(() => 0),
    (pid) => pid === 0 || !isAlive(pid),
  );
  await node.assertOutage(t, belongings);
  rmSync(join(home, 'postgres', 'postmaster.pid'), { force: true });
  const again = await openEmbeddedDatabase({ dataDir: directory.path, log: () => undefined });
  t.true(again.owner);
  await node.assertRecovery(t, belongings);
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

test('read-only after a switchover, it is a 503 until it can be written again', async (t) => {
  const belongings = await node.handOut();
  const name = databaseName();
  const disconnectAll = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = '${name}' AND pid <> pg_backend_pid()`;
  // To the application a standby is what refuses every write; its address may lead there at any time.
  await operate(`ALTER DATABASE ${name} SET default_transaction_read_only = on`);
  await operate(disconnectAll);
  await eventually(
    async () => (await node.get('/readyz')).status,
    (status) => status === 503,
  );
  const { client, code, refreshToken } = belongings;
  assertUnavailable(t, await node.ask(client, codeParams(client, code)), 'code');
  assertUnavailable(t, await node.ask(client, refreshParams(refreshToken)), 'refresh');
  for (const path of ['/jwks', '/.well-known/openid-configuration', '/livez'])
    t.is((await node.get(path)).status, 200, path);
  await operate(`ALTER DATABASE ${name} RESET default_transaction_read_only`);
  await node.assertRecovery(t, belongings);
});

/** Cancels what waits for a standby, and answers how many that were. */
async function cancelWaiting(): Promise<number> {
  const rows = await operate(
    "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'",
  );
  return rows.length;
}

/** Whether commits have to wait by now. */
async function commitWaits(): Promise<boolean> {
  let done = false;
  const probing = operate('CREATE TABLE probe (); DROP TABLE probe').finally(() => {
    done = true;
  });
  const cancelled = await eventually(cancelWaiting, (count) => count > 0 || done);
  await probing;
  return cancelled > 0;
}

test('a commit that gave up waiting for the standbys is no success', async (t) => {
  const belongings = await node.handOut();
  const { client, code, refreshToken } = belongings;
  await operate("ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
  await operate('SELECT pg_reload_conf()');
  // In force once a commit waits, which takes as long as the checkpointer takes to hear of it.
  await eventually(commitWaits, (waits) => waits);
  const refreshing = node.ask(client, refreshParams(refreshToken));
  await eventually(cancelWaiting, (count) => count > 0);
  assertUnavailable(t, await refreshing, 'cancelled by an operator');
  // Nobody cancels this one: the server gives up by itself.
  assertUnavailable(t, await node.ask(client, codeParams(client, code)), 'left alone');
  await operate('ALTER SYSTEM RESET synchronous_standby_names');
  await operate('SELECT pg_reload_conf()');
  // Both were written here after all: the same answer again, and a code that is used.
  const again = await eventually(
    () => node.ask(client, refreshParams(refreshToken)),
    ({ status }) => status < 500,
  );
  t.is(again.status, 200, again.text);
  const replayed = await node.ask(client, codeParams(client, code));
  t.is(replayed.body['error'], 'invalid_grant', replayed.text);
});
