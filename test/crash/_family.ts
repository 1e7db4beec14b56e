// What the database holds of a code or refresh token and of the family it belongs to.
import { digest } from '../../src/storage/oidc-payloads.ts';
import type { Server } from '../_installation.ts';

export interface Family {
  /** The artefact was used. */
  used: boolean;
  /** The digests of the refresh tokens of its grant that may still be used. */
  live: string[];
}

/** Reads both in one snapshot. Undefined when the artefact is gone: revoked with its grant. */
export async function findFamily(
  server: Pick<Server, 'db'>,
  model: 'AuthorizationCode' | 'RefreshToken',
  value: unknown,
): Promise<Family | undefined> {
  const { rows } = await server.db.knex.raw(
    `SELECT artefact.consumed_at IS NOT NULL AS used, ARRAY(
       SELECT encode(token.id, 'hex') FROM oidc_payloads token
       WHERE token.model = 'RefreshToken' AND token.grant_id = artefact.grant_id
         AND token.consumed_at IS NULL AND token.expires_at > now()) AS live
     FROM oidc_payloads artefact WHERE artefact.model = ? AND artefact.id = ?`,
    [model, digest(String(value))],
  );
  return rows[0];
}

/** The digest of a refresh token as `live` lists it. */
export function digestOf(refreshToken: unknown): string {
  return digest(String(refreshToken)).toString('hex');
}

/** Grants with more than one refresh token that may still be used; there must be none. */
export async function findForkedGrants(server: Pick<Server, 'db'>): Promise<unknown[]> {
  const { rows } = await server.db.knex.raw(
    `SELECT encode(grant_id, 'hex') AS grant, count(*)::int AS live FROM oidc_payloads
     WHERE model = 'RefreshToken' AND consumed_at IS NULL GROUP BY grant_id HAVING count(*) > 1`,
  );
  return rows;
}
