// Where the embedded database lies, and its password: <dataDir>/postgres.json, written once.
// As root the cluster lies elsewhere, because PostgreSQL then runs as an identity that need not be
// able to enter <dataDir> (a checkout below /root, say).
import { createHash, randomBytes } from 'node:crypto';
import { chmod, mkdir, mkdtemp, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findFreePort } from './free-port.ts';
import { findPostmaster, stopPostmaster } from './postmaster.ts';
import { isOpenToOthers, isRoot } from './run-as.ts';

export interface Place {
  /** The directory that holds the binaries and the cluster. */
  home: string;
  /** PostgreSQL's data directory. */
  cluster: string;
  /** What PostgreSQL prints. */
  logFile: string;
  /** The preferred port: it stays the same over restarts unless another program takes it. */
  port: number;
  password: string;
}

interface PlaceRecord {
  home: string | undefined;
  port: number;
  password: string;
}

type Log = (message: string) => void;

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}

async function readRecord(file: string): Promise<PlaceRecord | undefined> {
  if (!(await exists(file))) return undefined;
  const text = await readFile(file, 'utf8');
  try {
    const value: unknown = JSON.parse(text);
    // Anything that we did not write ends in the refusal below.
    const { home, port, password } = value as Partial<PlaceRecord>;
    if (typeof port === 'number' && typeof password === 'string') return { home, port, password };
  } catch {
    // The same refusal.
  }
  throw new Error(
    `${file} is damaged. Put back a copy of it, or delete its whole directory to start with an empty database.`,
  );
}

/** Survives a power cut, because without the password the data cannot be reached. */
async function writeRecord(file: string, record: PlaceRecord): Promise<void> {
  const handle = await open(`${file}.new`, 'w', 0o600);
  try {
    await handle.writeFile(`${JSON.stringify(record, null, 2)}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(`${file}.new`, file);
}

/** Somebody deleted the data directory to start afresh: keep one generation of what it pointed to. */
async function setAside(home: string, log: Log): Promise<void> {
  if (!(await exists(home))) return;
  const orphan = await findPostmaster({ cluster: join(home, 'postgres'), log });
  if (orphan !== undefined) await stopPostmaster(orphan.pid);
  const previous = `${home}.previous`;
  await rm(previous, { recursive: true, force: true });
  await rename(home, previous);
  for (const entry of await readdir(previous)) {
    // The binaries can be copied anew.
    if (entry !== 'postgres') await rm(join(previous, entry), { recursive: true, force: true });
  }
  log(`The earlier database of this data directory is kept in ${previous}.`);
}

function isRefusal(error: unknown): boolean {
  if (!(error instanceof Error) || !('code' in error)) return false;
  return ['EACCES', 'EPERM', 'EROFS', 'ENOENT'].includes(String(error.code));
}

/** A directory that every identity can enter; the first choice survives a reboot. */
async function makeOpenHome(dataDir: string, log: Log): Promise<string> {
  const hash = createHash('sha256').update(dataDir).digest('hex').slice(0, 16);
  const name = `gatehouse-demo-${hash}`;
  const tries: [string, () => Promise<string>][] = [
    [
      '/var/lib',
      async () => {
        const home = join('/var/lib', name);
        await setAside(home, log);
        await mkdir(home);
        return home;
      },
    ],
    // Anybody may write there, so the name must not be one that somebody could have made before us.
    ['/var/tmp', () => mkdtemp(join('/var/tmp', `${name}-`))],
    [tmpdir(), () => mkdtemp(join(tmpdir(), `${name}-`))],
  ];
  let cause: unknown;
  for (const [parent, make] of tries) {
    if (!(await isOpenToOthers(parent))) continue;
    try {
      const home = await make();
      await chmod(home, 0o755);
      return home;
    } catch (error) {
      if (!isRefusal(error)) throw error;
      cause = error;
    }
  }
  throw new Error(
    'PostgreSQL refuses to run as root, and neither /var/lib, /var/tmp nor the temporary directory can hold its data. Start Gatehouse as an ordinary account, or set DATABASE_URL to a PostgreSQL 15 or newer.',
    { cause },
  );
}

/** Reads where the database of a data directory lies, and decides it the first time. Under the lock. */
export async function openPlace({ dataDir, log }: { dataDir: string; log: Log }): Promise<Place> {
  const file = join(dataDir, 'postgres.json');
  const inside = join(dataDir, 'postgres');
  let record = await readRecord(file);
  if (record?.home !== undefined && !(await exists(record.home))) {
    log(
      `The database of ${dataDir} lay in ${record.home}, which is gone: starting with an empty one.`,
    );
    record = undefined;
  }
  if (record === undefined) {
    if (await exists(inside)) {
      throw new Error(
        `${inside} holds a database, but ${file} with its password is missing. Put it back, or delete ${inside} to start with an empty database.`,
      );
    }
    record = {
      home: isRoot() ? await makeOpenHome(dataDir, log) : undefined,
      port: await findFreePort(),
      password: randomBytes(24).toString('base64url'),
    };
    await writeRecord(file, record);
  }
  const home = record.home ?? dataDir;
  return {
    home,
    cluster: join(home, 'postgres'),
    logFile: join(dataDir, 'postgres.log'),
    port: record.port,
    password: record.password,
  };
}
