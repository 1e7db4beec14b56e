// Imports accounts in batches of a commit each, so that a stop in between loses one batch at most.
import { insertAuditEvents } from '../../storage/audit-events.ts';
import type { Database } from '../../storage/database.ts';
import { type ImportedAccount, insertImportedAccounts } from '../../storage/imported-accounts.ts';
import { runInUnitOfWork } from '../../storage/unit-of-work.ts';
import { LineProblem, readAccount } from './read-account.ts';
import type { Line } from './read-lines.ts';

const BATCH = 500;

export interface ImportCounts {
  created: number;
  /** Addresses that had an account already. */
  skipped: number;
  refused: number;
}

/** What is committed when a batch is. */
export interface ImportedBatch extends ImportCounts {
  /** The last line of the batch, and where the next one begins. */
  line: number;
  offset: number;
  problems: { line: number; reason: string }[];
}

/**
 * Imports lines and yields after each commit. Of a line that is refused the others take no notice.
 * `by` says in the audit trail who did it.
 */
export async function* importAccounts(
  deps: { db: Database; pepper: Buffer },
  lines: AsyncIterable<Line>,
  by: string,
): AsyncGenerator<ImportedBatch> {
  let accounts: ImportedAccount[] = [];
  let problems: ImportedBatch['problems'] = [];
  let last: Line | undefined;
  const finish = async (end: Line): Promise<ImportedBatch> => {
    const created = await store(deps.db, accounts, by);
    const skipped = accounts.length - created;
    const batch = { line: end.number, offset: end.nextOffset, created, skipped, problems };
    accounts = [];
    problems = [];
    return { ...batch, refused: batch.problems.length };
  };
  for await (const line of lines) {
    last = line;
    const read = readLine(line, deps.pepper);
    if (typeof read === 'string') problems.push({ line: line.number, reason: read });
    else if (read) accounts.push(read);
    if (accounts.length + problems.length >= BATCH) yield await finish(line);
  }
  if (last && accounts.length + problems.length > 0) yield await finish(last);
}

// The account, the reason why it is none, or nothing for an empty line.
function readLine(line: Line, pepper: Buffer): ImportedAccount | string | undefined {
  if (line.problem) return line.problem;
  if (line.text.trim() === '') return undefined;
  try {
    return readAccount(line.text, pepper);
  } catch (error) {
    if (error instanceof LineProblem) return error.message;
    throw error;
  }
}

async function store(db: Database, accounts: ImportedAccount[], by: string): Promise<number> {
  if (accounts.length === 0) return 0;
  return runInUnitOfWork(db.knex, async (unit) => {
    try {
      const created = await insertImportedAccounts(db, accounts);
      const events = [...created].map((accountId) => ({
        ...{ type: 'account.created', accountId, detail: { by, imported: true } },
      }));
      await insertAuditEvents(db, events);
      await unit.commit();
      return created.size;
    } catch (error) {
      await unit.rollback().catch(() => undefined);
      throw error;
    }
  });
}
