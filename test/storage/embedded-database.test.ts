import { once } from 'node:events';
import { readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { Client } from 'pg';
import { applicationName } from '../../src/storage/embedded/embedded-database.ts';
import {
  isAlive,
  makeDataDir,
  open,
  query,
  readHome,
  readPostmasterPid,
  startNode,
} from './_embedded-node.ts';

const linuxOnly = process.platform === 'linux' ? test.serial : test.serial.skip; // reads /proc
const rootOnly = process.getuid?.() === 0 ? test.serial : test.serial.skip; // drops root
const addRow = 'CREATE TABLE kept AS SELECT 42 AS answer';
const readRow = 'SELECT answer FROM kept';

// One at a time: every test makes a cluster, which keeps a core busy for a second.
test.beforeEach((t) => t.timeout(60_000));

test.serial('a first start creates the cluster, the database and the role', async (t) => {
  const dataDir = await makeDataDir(t);
  const database = await open(t, dataDir);
  t.true(database.owner);
  const [row] = await query(
    database.url,
    `SELECT current_database() AS database, current_user AS role,
       current_setting('fsync') AS fsync, current_setting('full_page_writes') AS full_page_writes,
       current_setting('synchronous_commit') AS synchronous_commit,
       current_setting('listen_addresses') AS listen_addresses,
       current_setting('unix_socket_directories') AS sockets,
       current_setting('server_encoding') AS encoding, lower('ÄÖ') AS lower`,
  );
  t.deepEqual(row, {
    database: 'gatehouse',
    role: 'gatehouse',
    fsync: 'on',
    full_page_writes: 'on',
    synchronous_commit: 'on',
    listen_addresses: '127.0.0.1',
    sockets: '',
    encoding: 'UTF8',
    lower: 'äö',
  });
  for (const file of ['postgres.json', 'postgres.log']) {
    t.is((await stat(join(dataDir, file))).mode & 0o777, 0o600, file);
  }
});

test.serial('a connection needs the password', async (t) => {
  const database = await open(t, await makeDataDir(t));
  const url = new URL(database.url);
  url.password = 'wrong';
  await t.throwsAsync(query(url.href, 'SELECT 1'), { message: /password authentication failed/ });
});

test.serial('stop ends the server, and a restart keeps the data and the port', async (t) => {
  const dataDir = await makeDataDir(t);
  const first = await open(t, dataDir);
  await query(first.url, addRow);
  const pid = await readPostmasterPid(dataDir);
  await first.stop();
  t.false(isAlive(pid));
  const second = await open(t, dataDir);
  t.true(second.owner);
  t.is(second.url, first.url);
  t.deepEqual(await query(second.url, readRow), [{ answer: 42 }]);
});

test.serial('a second node adopts the server, which stops with the last of them', async (t) => {
  const dataDir = await makeDataDir(t);
  const first = await open(t, dataDir);
  const pid = await readPostmasterPid(dataDir);
  const node = await startNode(t, dataDir);
  t.false(node.owner);
  t.is(node.url, first.url);
  await first.stop();
  t.deepEqual(await query(node.url, 'SELECT 1 AS one'), [{ one: 1 }]);
  await node.stop();
  t.false(isAlive(pid));
});

test.serial('connections of our own process do not keep the server alive', async (t) => {
  const dataDir = await makeDataDir(t);
  const database = await open(t, dataDir);
  const pid = await readPostmasterPid(dataDir);
  const client = new Client({
    connectionString: database.url,
    application_name: applicationName(),
  });
  client.on('error', () => undefined);
  await client.connect();
  await database.stop();
  t.false(isAlive(pid));
});

test.serial('a server that was killed starts again with every committed row', async (t) => {
  const dataDir = await makeDataDir(t);
  const first = await open(t, dataDir);
  await query(first.url, addRow);
  process.kill(await readPostmasterPid(dataDir), 'SIGKILL');
  const second = await open(t, dataDir);
  t.true(second.owner);
  t.deepEqual(await query(second.url, readRow), [{ answer: 42 }]);
});

linuxOnly('a busy backend of a killed server does not keep it from starting', async (t) => {
  const dataDir = await makeDataDir(t);
  const first = await open(t, dataDir);
  const busy = new Client({ connectionString: first.url });
  busy.on('error', () => undefined);
  await busy.connect();
  const endless = busy.query('SELECT count(*) FROM generate_series(1, 100000000000)');
  process.kill(await readPostmasterPid(dataDir), 'SIGKILL');
  t.true((await open(t, dataDir)).owner);
  await t.throwsAsync(endless);
});

test.serial('the server of a killed node is adopted', async (t) => {
  const dataDir = await makeDataDir(t);
  const node = await startNode(t, dataDir);
  t.true(node.owner);
  await query(node.url, addRow);
  const pid = await readPostmasterPid(dataDir);
  node.process.kill('SIGKILL');
  await once(node.process, 'exit');
  const database = await open(t, dataDir);
  t.false(database.owner);
  t.is(await readPostmasterPid(dataDir), pid);
  t.deepEqual(await query(database.url, readRow), [{ answer: 42 }]);
  await database.stop();
  const fields = (await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')).split(' ');
  t.true([undefined, '', 'Z'].includes(fields[2]), 'gone, or not yet reaped');
});

test.serial(
  'of nodes that start at once on an empty directory one creates the cluster',
  async (t) => {
    const dataDir = await makeDataDir(t);
    const [database, ...nodes] = await Promise.all([
      open(t, dataDir),
      startNode(t, dataDir),
      startNode(t, dataDir),
    ]);
    const all = [database, ...nodes];
    t.is(all.filter(({ owner }) => owner).length, 1);
    t.is(new Set(all.map(({ url }) => url)).size, 1);
    await Promise.all(all.map(({ stop }) => stop()));
    await t.throwsAsync(readPostmasterPid(dataDir), { code: 'ENOENT' }, 'the last one stopped it');
  },
);

linuxOnly('the server has a session of its own, out of reach of Ctrl-C', async (t) => {
  const dataDir = await makeDataDir(t);
  await open(t, dataDir);
  const pid = await readPostmasterPid(dataDir);
  const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(' ');
  t.is(Number(fields[5]), pid);
});

rootOnly('as root the server runs as nobody, outside the data directory', async (t) => {
  const dataDir = await makeDataDir(t);
  await open(t, dataDir);
  const home = await readHome(dataDir);
  t.false(home.startsWith(dataDir));
  const nobody = (await readFile('/etc/passwd', 'utf8')).match(/^nobody:[^:]*:(\d+)/m);
  t.is((await stat(join(home, 'postgres'))).uid, Number(nobody?.[1]));
  t.is((await stat(`/proc/${await readPostmasterPid(dataDir)}`)).uid, Number(nobody?.[1]));
});

rootOnly('as root a deleted data directory means an empty database', async (t) => {
  const dataDir = await makeDataDir(t);
  const first = await open(t, dataDir);
  await query(first.url, addRow);
  const pid = await readPostmasterPid(dataDir);
  await rm(dataDir, { recursive: true });
  const second = await open(t, dataDir);
  t.true(second.owner);
  t.false(isAlive(pid), 'the server of the deleted directory is stopped');
  await t.throwsAsync(query(second.url, readRow), { message: /does not exist/ });
});
