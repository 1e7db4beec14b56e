// The unit of work of one protocol request. What it reads is kept, so that each artefact is read
// once; what it writes is gathered and applied in one statement, in one commit, at the end.
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Knex } from 'knex';
import { alreadyRedeemed } from '../errors.ts';
import { withConnection } from './guarded-connection.ts';
import { runPrepared } from './prepared.ts';
import type { StoredPayload } from './stored-payload.ts';

/** One step of commit_artefacts (see the migration of that name); binary values are hex. */
export type Operation = { op: string; grant_id?: string | null } & Record<string, unknown>;

export interface UnitOfWork {
  /** Answers from what this request read or wrote before, else loads and keeps it. */
  read<T>(key: string, load: () => Promise<T>): Promise<T>;
  /** What this request read or wrote under a key. */
  known(key: string): Promise<StoredPayload | undefined>;
  /** A write that was gathered before, to be completed. */
  gathered(isIt: (operation: Operation) => boolean): Operation | undefined;
  /** Notes what a key holds from now on; undefined: nothing. */
  note(key: string, stored: StoredPayload | undefined): void;
  /** Gathers one write. `kept`: it survives the refusal of the request. */
  write(operation: Operation, options?: { kept: boolean }): void;
  /** A transaction for writes that are not artefacts; the first call begins it. */
  transaction(): Promise<Knex.Transaction>;
  /** Runs `work` as the last thing of the open transaction, once for a name, in the order of names. */
  beforeCommit(name: string, work: (transaction: Knex) => Promise<void>): void;
  /** The open transaction, if there is one. */
  opened(): Promise<Knex.Transaction> | undefined;
  /**
   * Applies everything in one commit. Throws when something was redeemed by another request. Returns
   * true when another window changed the session's id meanwhile: the id of this request is outdated.
   */
  commit(): Promise<boolean>;
  /** From now on nothing is read or written: a straggler must not begin a transaction nobody ends. */
  end(): void;
  /** Forgets everything but what must be kept (RFC 9700 section 4.14: a replayed family stays revoked). */
  refuse(): Promise<void>;
  rollback(): Promise<void>;
}

const storage = new AsyncLocalStorage<UnitOfWork>();
const ALREADY_REDEEMED = 'GH001';

/** The unit of work of the running request, if there is one. */
export function currentUnitOfWork(): UnitOfWork | undefined {
  return storage.getStore();
}

/** Runs `work` with a unit of work of its own; ending it is the caller's duty. */
export function runInUnitOfWork<T>(knex: Knex, work: (unit: UnitOfWork) => Promise<T>): Promise<T> {
  const unit = createUnitOfWork(knex);
  return storage.run(unit, () => work(unit).finally(unit.end));
}

/** Runs `work` in a unit of work of its own, which commits when it returns and rolls back when it throws. */
export function commitWork<T>(knex: Knex, work: () => Promise<T>): Promise<T> {
  return runInUnitOfWork(knex, async (unit) => {
    try {
      const result = await work();
      await unit.commit();
      return result;
    } catch (error) {
      await unit.rollback().catch(() => undefined);
      throw error;
    }
  });
}

/** Runs `work` as if no request were running. */
export function outsideUnitOfWork<T>(work: () => T): T {
  return storage.exit(work);
}

/** Writes in the unit of work of the running request, or in one of its own (tests, jobs, commands). */
export async function inUnitOfWork(knex: Knex, write: (unit: UnitOfWork) => void): Promise<void> {
  const unit = currentUnitOfWork();
  if (unit) return write(unit);
  await runInUnitOfWork(knex, async (own) => {
    write(own);
    await own.commit();
  });
}

function createUnitOfWork(knex: Knex): UnitOfWork {
  const known = new Map<string, Promise<unknown>>();
  let gathered: { operation: Operation; kept: boolean }[] = [];
  let open: Promise<Knex.Transaction> | undefined;
  const last = new Map<string, (transaction: Knex) => Promise<void>>();
  let ended = false;
  const expectRunning = () => {
    if (ended) throw new Error('the request of this unit of work has ended');
  };

  const forget = () => {
    known.clear();
    last.clear();
    gathered = [];
    open = undefined;
  };

  const apply = async () => {
    const transaction = await open;
    const operations = gathered.map(({ operation }) => operation);
    const outdated = transaction
      ? await withConnection(transaction, async () => {
          const result = await applyOperations(transaction, operations);
          for (const name of [...last.keys()].sort()) await last.get(name)?.(transaction);
          await transaction.commit();
          return result;
        })
      : await applyOperations(knex, operations);
    forget();
    return outdated;
  };

  const rollback = async () => {
    const transaction = await open?.catch(() => undefined);
    forget();
    if (transaction && !transaction.isCompleted()) await transaction.rollback();
  };

  return {
    read<T>(key: string, load: () => Promise<T>) {
      // One key is always read with the same kind of load.
      const found = (known.get(key) as Promise<T> | undefined) ?? load();
      known.set(key, found);
      return found;
    },
    known: async (key) => known.get(key) as Promise<StoredPayload | undefined>,
    gathered: (isIt) => gathered.find(({ operation }) => isIt(operation))?.operation,
    note: (key, stored) => void known.set(key, Promise.resolve(stored)),
    write(operation, { kept } = { kept: false }) {
      expectRunning();
      gathered.push({ operation, kept });
    },
    end() {
      ended = true;
    },
    transaction() {
      expectRunning();
      open ??= knex.transaction();
      return open;
    },
    beforeCommit(name, work) {
      expectRunning();
      last.set(name, work);
    },
    opened: () => open,
    async commit() {
      try {
        return await apply();
      } catch (error) {
        await rollback().catch(() => undefined);
        const lost = lostRace(error);
        if (!lost) throw error;
        // Two hold one code: whoever won, the family is not to be trusted (RFC 9700 section 4.5).
        if (lost.model === 'AuthorizationCode')
          await applyOperations(knex, [{ op: 'revoke', grant_id: lost.grant_id }]);
        throw alreadyRedeemed(lost.model ?? '', error);
      }
    },
    async refuse() {
      const kept = gathered.filter((write) => write.kept).map(({ operation }) => operation);
      await rollback();
      await applyOperations(knex, kept);
    },
    rollback,
  };
}

// Outside of a transaction the statement is its own commit.
async function applyOperations(query: Knex, operations: Operation[]): Promise<boolean> {
  if (operations.length === 0) return false;
  const { rows } = await runPrepared<{ outdated: boolean }>(query, COMMIT, [
    JSON.stringify(operations),
  ]);
  return rows[0]?.outdated === true;
}

const COMMIT = {
  name: 'commit-artefacts',
  text: 'SELECT commit_artefacts($1::jsonb) AS outdated',
};

/** What another request redeemed first, as commit_artefacts reports it. */
function lostRace(error: unknown): { model: string | null; grant_id: string | null } | undefined {
  if (!(error instanceof Error) || !('code' in error) || error.code !== ALREADY_REDEEMED)
    return undefined;
  return JSON.parse('detail' in error ? String(error.detail) : '{}');
}
