import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { readCommandLine, readProcessState } from '../../src/storage/embedded/process-state.ts';
import { makeDataDir, open, readHome } from './_embedded-node.ts';

const linuxOnly = process.platform === 'linux' ? test.serial : test.serial.skip; // reads /proc
const isRoot = process.getuid?.() === 0;
const strangerOnly = isRoot ? test.serial.skip : test.serial; // root may write everywhere

// One at a time: every test makes a cluster, which keeps a core busy for a second.
test.beforeEach((t) => t.timeout(60_000));

test.serial(
  'a postmaster.pid whose pid now belongs to another program is no obstacle',
  async (t) => {
    const dataDir = await makeDataDir(t);
    await (await open(t, dataDir)).stop();
    const cluster = join(await readHome(dataDir), 'postgres');
    await writeFile(join(cluster, 'postmaster.pid'), `${process.pid}\n${cluster}\n0\n1\n\n`);
    t.true((await open(t, dataDir)).owner);
  },
);

test.serial('an empty postmaster.pid is no obstacle', async (t) => {
  const dataDir = await makeDataDir(t);
  await (await open(t, dataDir)).stop();
  await writeFile(join(await readHome(dataDir), 'postgres', 'postmaster.pid'), '');
  t.true((await open(t, dataDir)).owner);
});

linuxOnly('a postmaster.pid that names a zombie is no obstacle', async (t) => {
  const dataDir = await makeDataDir(t);
  await (await open(t, dataDir)).stop();
  // A shell that turns into sleep never reaps the child that it had.
  const parent = spawn('/bin/sh', ['-c', 'sleep 120 & echo $!; exec sleep 120']);
  t.teardown(() => parent.kill('SIGKILL'));
  const [line] = await once(createInterface(parent.stdout), 'line');
  const pid = Number(line);
  while (!(await readCommandLine(Number(parent.pid)))?.startsWith('sleep')) await sleep(5);
  process.kill(pid, 'SIGKILL');
  while ((await readProcessState(pid)) !== 'zombie') await sleep(5);
  const cluster = join(await readHome(dataDir), 'postgres');
  await writeFile(join(cluster, 'postmaster.pid'), `${pid}\n${cluster}\n0\n1\n\n`);
  t.true((await open(t, dataDir)).owner);
});

test.serial('a lock of a process that died is taken over', async (t) => {
  const dataDir = await makeDataDir(t);
  const dead = spawn(process.execPath, ['-e', '']);
  await once(dead, 'exit');
  await writeFile(join(dataDir, 'postgres.lock'), `${dead.pid} 1`);
  t.true((await open(t, dataDir)).owner);
  t.false((await readdir(dataDir)).some((name) => name.startsWith('postgres.lock')));
});

linuxOnly('a lock whose pid now belongs to another process is taken over', async (t) => {
  const dataDir = await makeDataDir(t);
  await writeFile(join(dataDir, 'postgres.lock'), `${process.pid} 1`);
  t.true((await open(t, dataDir)).owner);
});

test.serial('what a creation that was cut short left behind is cleared away', async (t) => {
  const dataDir = await makeDataDir(t);
  await (await open(t, dataDir)).stop();
  const home = await readHome(dataDir);
  await mkdir(join(home, 'postgres.new-AbCdEf', 'cluster'), { recursive: true });
  await mkdir(join(home, 'postgres-binaries-1.2.3'));
  await open(t, dataDir);
  const left = (await readdir(home)).filter((name) => /\.new-|-1\.2\.3$/.test(name));
  t.deepEqual(left, []);
});

test.serial('a cluster of another major version is refused with what to do', async (t) => {
  const dataDir = await makeDataDir(t);
  await (await open(t, dataDir)).stop();
  await writeFile(join(await readHome(dataDir), 'postgres', 'PG_VERSION'), '15\n');
  await t.throwsAsync(open(t, dataDir), { message: /made by PostgreSQL 15.*pg_dump.*delete/ });
});

test.serial('a damaged cluster is refused with the last lines of the log', async (t) => {
  const dataDir = await makeDataDir(t);
  await (await open(t, dataDir)).stop();
  await rm(join(await readHome(dataDir), 'postgres', 'global', 'pg_control'));
  const error = await t.throwsAsync(open(t, dataDir), { message: /is damaged.*delete/ });
  t.true(error?.message.includes(join(dataDir, 'postgres.log')));
  t.regex(error?.message ?? '', /pg_control/);
});

test.serial('a cluster without PG_VERSION is refused', async (t) => {
  const dataDir = await makeDataDir(t);
  await (await open(t, dataDir)).stop();
  await rm(join(await readHome(dataDir), 'postgres', 'PG_VERSION'));
  await t.throwsAsync(open(t, dataDir), { message: /no PG_VERSION.*delete/ });
});

test.serial('a damaged postgres.json is refused, never replaced', async (t) => {
  const dataDir = await makeDataDir(t);
  const file = join(dataDir, 'postgres.json');
  await writeFile(file, '{"port":');
  await t.throwsAsync(open(t, dataDir), { message: /postgres\.json is damaged/ });
  t.is(await readFile(file, 'utf8'), '{"port":');
  await rm(file);
});

test.serial('a cluster without its password is refused, never replaced', async (t) => {
  const dataDir = await makeDataDir(t);
  await mkdir(join(dataDir, 'postgres'));
  await t.throwsAsync(open(t, dataDir), { message: /postgres\.json with its password is missing/ });
});

test.serial('a file in the place of the data directory is refused', async (t) => {
  const file = join(await makeDataDir(t), 'file');
  await writeFile(file, '');
  await t.throwsAsync(open(t, file), { message: /is not a directory/ });
});

strangerOnly('a closed data directory is refused', async (t) => {
  const dataDir = join(await makeDataDir(t), 'closed');
  await mkdir(dataDir, { mode: 0o500 });
  await t.throwsAsync(open(t, dataDir), { message: /may not write to its data directory/ });
});
