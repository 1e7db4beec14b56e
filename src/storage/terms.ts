// The terms of use: every version that was published, the newest is in force.
import { announce } from './changes.ts';
import type { Database } from './database.ts';

export interface Terms {
  version: string;
  /** Plain text; blank lines part its paragraphs. */
  text: string;
  consentRequired: boolean;
}

/** The terms in force; undefined when none were published. */
export async function findTermsInForce(db: Database): Promise<Terms | undefined> {
  const query = await db.query();
  return query('terms')
    .select('version', 'text', { consentRequired: 'consent_required' })
    .orderBy('published_at', 'desc')
    .orderBy('version', 'desc')
    .first();
}

/** Publishes a version. Throws the database's unique violation (23505) for a version that was. */
export async function insertTerms(db: Database, terms: Terms): Promise<void> {
  const query = await db.write();
  await query('terms').insert({
    version: terms.version,
    text: terms.text,
    consent_required: terms.consentRequired,
  });
  await announce(query, 'terms');
}

/** Notes which version an account accepted, in the running unit of work. */
export async function acceptTerms(db: Database, accountId: string, version: string): Promise<void> {
  const query = await db.write();
  await query('accounts')
    .where({ id: accountId })
    .update({ terms_version: version, terms_accepted_at: query.fn.now() });
}
