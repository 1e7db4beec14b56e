// When credentials were used last: written for many at once, behind the requests.
import type { Database } from './database.ts';

export interface CredentialUse {
  id: string;
  /** Milliseconds since then: clocks of machines differ. */
  ago: number;
  network: string | undefined;
}

/**
 * Writes uses down, whichever node writes first: the later one stands. A use within half a minute of
 * the one that is written costs no write.
 */
export async function writeCredentialUses(db: Database, uses: CredentialUse[]): Promise<void> {
  // One order for all nodes: they wait for each other's rows, and never in a circle.
  await db.knex.raw(
    `WITH used AS (
       SELECT id, network, now() - ago * interval '1 millisecond' AS at
       FROM jsonb_to_recordset(?::jsonb) AS u (id text, ago float8, network text)
     ), late AS MATERIALIZED (
       SELECT c.id, used.at, used.network FROM credentials c JOIN used ON used.id = c.id
       WHERE c.last_used_at IS NULL OR c.last_used_at < used.at - interval '30 seconds'
       ORDER BY c.id FOR NO KEY UPDATE OF c
     )
     UPDATE credentials c SET last_used_at = greatest(c.last_used_at, late.at),
       last_used_network = CASE WHEN c.last_used_at > late.at THEN c.last_used_network
                           ELSE late.network END
     FROM late WHERE c.id = late.id`,
    [JSON.stringify(uses.map(({ network, ...use }) => ({ ...use, network: network ?? null })))],
  );
}
