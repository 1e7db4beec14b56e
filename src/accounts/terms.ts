// The terms of use: which are in force, and who still has to accept them.
import { AppError, invalidRequest } from '../errors.ts';
import { cacheUntilChanged } from '../storage/cache.ts';
import type { Changes } from '../storage/changes.ts';
import type { Database } from '../storage/database.ts';
import { findTermsInForce, insertTerms, type Terms } from '../storage/terms.ts';

/** The terms in force, kept until a node publishes others. */
export function createTermsInForce(deps: {
  db: Database;
  changes: Changes;
}): () => Promise<Terms | undefined> {
  const cached = cacheUntilChanged({
    changes: deps.changes,
    topic: 'terms',
    load: async () => ({ terms: await findTermsInForce(deps.db) }),
    maxEntries: 1,
  });
  return async () => (await cached('in force')).terms;
}

/** Publishes terms in the running unit of work. Throws 400 for an unusable text, 409 for an old version. */
export async function publishTerms(db: Database, terms: Terms): Promise<void> {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,49}$/.test(terms.version))
    throw invalidRequest(
      'A version has 1 to 50 letters, digits, dots or hyphens, such as 2026-11.',
    );
  if (!terms.text.trim() || terms.text.length > 50_000)
    throw invalidRequest('The text of the terms must have 1 to 50,000 characters.');
  await insertTerms(db, terms).catch((cause) => {
    if (cause.code !== '23505') throw cause;
    throw new AppError(409, 'conflict', `The terms ${terms.version} were published before.`, {
      cause,
    });
  });
}
