// The job that asks upstreams whether the accounts behind our sessions still stand, by renewing their
// refresh tokens (RFC 6749 section 6). Where the upstream says no, our sessions of that identity end.
import * as client from 'openid-client';
import { insertAuditEvents } from '../../storage/audit-events.ts';
import { findConnector } from '../../storage/connectors.ts';
import type { Database } from '../../storage/database.ts';
import { runInUnitOfWork } from '../../storage/unit-of-work.ts';
import { endSessionsOfIdentity } from '../../storage/upstream-sessions.ts';
import {
  deleteUpstreamToken,
  postponeUpstreamToken,
  takeDueUpstreamToken,
  type UpstreamTokenRow,
} from '../../storage/upstream-tokens.ts';
import { toConnector } from '../connectors.ts';
import type { Upstreams } from '../upstreams/upstreams.ts';
import { keepRefreshToken, openRefreshToken } from './upstream-tokens.ts';

export interface RenewalDeps {
  db: Database;
  encryptionKeys: Buffer[];
  upstreams: Upstreams;
  /** Told why an upstream could not be asked; it is asked again in an hour. */
  onError: (error: unknown) => void;
}

/** One run ends after so many; the next one goes on. */
const MOST_AT_ONCE = 500;

/** Renews every token that is due, one after the other, each in a commit of its own. */
export async function renewUpstreamTokens(deps: RenewalDeps): Promise<void> {
  for (let count = 0; count < MOST_AT_ONCE; count += 1) {
    const found = await runInUnitOfWork(deps.db.knex, async (unit) => {
      const row = await takeDueUpstreamToken(deps.db);
      if (row) await renew(deps, row);
      await unit.commit();
      return row !== undefined;
    });
    if (!found) return;
  }
}

async function renew(deps: RenewalDeps, row: UpstreamTokenRow): Promise<void> {
  const { identity_id: identityId } = row;
  try {
    const renewed = await ask(deps, row);
    if (renewed) await keepRefreshToken(deps, identityId, renewed);
    else await deleteUpstreamToken(deps.db, identityId);
  } catch (error) {
    if (isRefused(error)) return end(deps.db, row);
    deps.onError(error);
    await postponeUpstreamToken(deps.db, identityId);
  }
}

// The new token, or the old one where it stays; undefined: the connector keeps none any more.
async function ask(deps: RenewalDeps, row: UpstreamTokenRow): Promise<string | undefined> {
  const stored = await findConnector(deps.db, row.connector_id);
  if (!stored) return undefined;
  const connector = toConnector(stored);
  if (!connector.enabled || !connector.settings.store_tokens) return undefined;
  const token = openRefreshToken(deps, row.identity_id, row.sealed);
  const { configuration } = await deps.upstreams.open(connector);
  const answer = await client.refreshTokenGrant(configuration, token);
  return answer.refresh_token ?? token;
}

/** The upstream knows the token, or the account behind it, no longer. */
function isRefused(error: unknown): boolean {
  return error instanceof client.ResponseBodyError && error.error === 'invalid_grant';
}

async function end(db: Database, row: UpstreamTokenRow): Promise<void> {
  const { identity_id: identityId, connector_id: connector, account_id: accountId } = row;
  await endSessionsOfIdentity(db, identityId);
  await deleteUpstreamToken(db, identityId);
  await insertAuditEvents(db, [
    { type: 'session.ended-upstream', accountId, detail: { connector, reason: 'invalid_grant' } },
  ]);
}
