// What the terminal shows when a command fails: what went wrong and what to do, in plain words.
import { AppError, UsageError } from '../errors.ts';
import { isUnavailable } from '../storage/database.ts';

/** Says on standard error what went wrong; only a defect comes with its stack. */
export function reportFailure(error: unknown): void {
  process.stderr.write(`${describeFailure(error)}\n`);
}

function describeFailure(error: unknown): string {
  if (error instanceof UsageError) return describeProblems(error.problems);
  if (error instanceof AppError) return error.message;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (/^(28|3D)/.test(code))
    return `PostgreSQL does not let us in (${reason(error)}): check the name, password and database in DATABASE_URL.`;
  if (code === '42501')
    return `The database account lacks a right (${reason(error)}): DATABASE_URL must name the one that owns the tables, or one that was granted it.`;
  if (isUnavailable(error) || code === 'EAI_AGAIN')
    return `The database cannot be reached (${reason(error)}): check DATABASE_URL and that PostgreSQL runs.`;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function describeProblems(problems: readonly string[]): string {
  if (problems.length === 1) return problems.join();
  const list = problems.map((problem) => `  - ${problem}`);
  return ['Gatehouse cannot run with this configuration:', ...list].join('\n');
}

// Connecting to a name with several addresses fails with one error for each and no message of its own.
function reason(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reason).join('; ');
  const text = error instanceof Error ? error.message : String(error);
  // knex puts the statement, with what is in it, before PostgreSQL's own sentence.
  return text.slice(text.lastIndexOf(' - ') + 1).replace(/^- /, '');
}
