// The cluster: PostgreSQL's data directory, made by initdb once and then only checked.
import { execFile } from 'node:child_process';
import { chown, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Binaries } from './binaries.ts';
import { describeFailure } from './failure.ts';
import type { Place } from './place.ts';
import { isRoot, type RunAs, readNobody, readOwner } from './run-as.ts';

async function runInitdb(options: {
  initdb: string;
  arguments: string[];
  runAs: RunAs;
  dataDir: string;
}): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    execFile(
      options.initdb,
      options.arguments,
      { ...options.runAs, cwd: '/', env: { LC_ALL: 'C', TZ: 'UTC' } },
      (error, stdout, stderr) => {
        if (error === null) resolve();
        // A number is the exit code; a word means that the program did not even run.
        else if (typeof error.code === 'string') reject(error);
        else {
          const output = `${stdout}\n${stderr}`.trim().split('\n').slice(-8).join('\n');
          const what = 'The database could not be created. initdb said:';
          reject(describeFailure({ what, output, dataDir: options.dataDir }));
        }
      },
    );
  });
}

/** Made aside and moved into place when complete, so that a half-made cluster is never started. */
async function createCluster(options: {
  place: Place;
  binaries: Binaries;
  dataDir: string;
}): Promise<RunAs> {
  const { place, binaries, dataDir } = options;
  const runAs: RunAs = isRoot() ? await readNobody() : {};
  const work = await mkdtemp(join(place.home, 'postgres.new-'));
  const passwordFile = join(work, 'password');
  const fresh = join(work, 'cluster');
  try {
    await writeFile(passwordFile, place.password, { mode: 0o600 });
    if (runAs.uid !== undefined && runAs.gid !== undefined) {
      await chown(passwordFile, runAs.uid, runAs.gid);
      await chown(work, runAs.uid, runAs.gid);
    }
    await runInitdb({
      initdb: binaries.initdb,
      // initdb's own sync is kept: it costs 0.1 s once, and without it a power cut soon after the
      // first start can lose the whole cluster. The builtin C.UTF-8 is the same on every platform.
      arguments: [
        ...['-D', fresh, '-U', 'gatehouse', `--pwfile=${passwordFile}`, '-A', 'scram-sha-256'],
        ...['-E', 'UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'],
        '--no-instructions',
      ],
      runAs,
      dataDir,
    });
    await rename(fresh, place.cluster);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return runAs;
}

/**
 * Creates the cluster if there is none, else checks that these binaries can run it.
 * Returns the identity that it has to run as.
 */
export async function prepareCluster(options: {
  place: Place;
  binaries: Binaries;
  dataDir: string;
}): Promise<RunAs> {
  const { cluster } = options.place;
  const { binaries, dataDir } = options;
  if ((await stat(cluster).catch(() => undefined)) === undefined) return createCluster(options);
  const runAs = await readOwner(cluster);
  const version = (await readFile(join(cluster, 'PG_VERSION'), 'utf8').catch(() => '')).trim();
  if (version === '') {
    throw new Error(
      `${cluster} is not a PostgreSQL data directory, or it is damaged (no PG_VERSION). Put back a copy of it, or delete ${dataDir} to start with an empty database.`,
    );
  }
  if (version !== binaries.major) {
    throw new Error(
      `The database in ${cluster} was made by PostgreSQL ${version}, and the embedded one is ${binaries.major}. Move the data with pg_dump of PostgreSQL ${version}, or delete ${dataDir} to start with an empty database.`,
    );
  }
  return runAs;
}
