// One transaction per protocol request: opened by the first query, committed once by the host.
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Knex } from 'knex';

export interface UnitOfWork {
  /** The transaction of this request; the first call begins it. */
  transaction(knex: Knex): Promise<Knex.Transaction>;
  /** Runs work after the work before it: one connection answers one query at a time. */
  inTurn<T>(work: () => Promise<T>): Promise<T>;
  /** Work that must survive the rollback of a refused request, such as revoking a replayed family. */
  keepOnRefusal(work: (query: Knex) => Promise<void>): void;
  commit(): Promise<void>;
  /** Rolls back, then does the work that must be kept, in a transaction of its own. */
  refuse(): Promise<void>;
  rollback(): Promise<void>;
}

const storage = new AsyncLocalStorage<UnitOfWork>();

/** The unit of work of the running request, if there is one. */
export function currentUnitOfWork(): UnitOfWork | undefined {
  return storage.getStore();
}

/** Runs `work` with a unit of work of its own; ending it is the caller's duty. */
export function runInUnitOfWork<T>(work: (unit: UnitOfWork) => Promise<T>): Promise<T> {
  const unit = createUnitOfWork();
  return storage.run(unit, () => work(unit));
}

function createUnitOfWork(): UnitOfWork {
  let pool: Knex | undefined;
  let opened: Promise<Knex.Transaction> | undefined;
  let turn: Promise<unknown> = Promise.resolve();
  const kept: ((query: Knex) => Promise<void>)[] = [];

  const end = async (how: 'commit' | 'rollback') => {
    const transaction = await opened?.catch(() => undefined);
    opened = undefined;
    if (transaction && !transaction.isCompleted()) await transaction[how]();
  };

  return {
    transaction(knex) {
      pool = knex;
      opened ??= knex.transaction();
      return opened;
    },
    inTurn(work) {
      const done = turn.then(work);
      turn = done.catch(() => undefined);
      return done;
    },
    keepOnRefusal: (work) => void kept.push(work),
    commit: () => end('commit'),
    rollback: () => end('rollback'),
    async refuse() {
      await end('rollback');
      if (kept.length === 0 || !pool) return;
      await pool.transaction(async (query) => {
        for (const work of kept) await work(query);
      });
    },
  };
}
