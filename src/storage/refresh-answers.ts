// The answer of a refresh, sealed by the caller and kept for seconds beside the token that it used
// up: a client that lost the answer gets it again instead of a second successor.
import type { Database } from './database.ts';
import { digest, IS_REPEATABLE } from './oidc-payloads.ts';
import { currentUnitOfWork } from './unit-of-work.ts';

/**
 * Adds the answer, and which token succeeds the used one, to the consumption that this request has
 * gathered; one commit writes all.
 */
export function keepAnswer(refreshToken: string, successor: string, sealed: Buffer): void {
  const id = digest(refreshToken).toString('hex');
  const consumption = currentUnitOfWork()?.gathered(
    (operation) => operation.op === 'consume' && operation['id'] === id,
  );
  if (!consumption) throw new Error('this request consumed no such refresh token');
  consumption['answer'] = sealed.toString('hex');
  consumption['successor'] = digest(successor).toString('hex');
}

/**
 * The sealed answer of a refresh that was committed seconds ago. Undefined when it is older, when
 * its successor was used (then this is a replay), or when the grant was revoked.
 */
export async function findAnswer(db: Database, refreshToken: string): Promise<Buffer | undefined> {
  const row = await db
    .knex('oidc_payloads')
    .where({ model: 'RefreshToken', id: digest(refreshToken) })
    .whereRaw(IS_REPEATABLE)
    .first('answer');
  return row?.answer;
}
