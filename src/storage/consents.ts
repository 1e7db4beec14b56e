// Consents: what an account allowed a client, per API (or 'openid' for identity scopes).
import type { Database } from './database.ts';

/** The pseudo-resource under which identity scopes are kept. */
export const IDENTITY = 'openid';

export type ScopesByResource = Map<string, Set<string>>;

/** Remembers that the account allowed the client these scopes. */
export async function rememberConsent(
  db: Database,
  accountId: string,
  clientId: string,
  scopes: ScopesByResource,
): Promise<void> {
  const rows = [...scopes].flatMap(([resource, names]) =>
    [...names].map((scope) => ({ account_id: accountId, client_id: clientId, resource, scope })),
  );
  if (rows.length === 0) return;
  const query = await db.write();
  await query('consents').insert(rows).onConflict().ignore();
}

/** What the account has allowed the client so far. */
export async function findConsent(
  db: Database,
  accountId: string,
  clientId: string,
): Promise<ScopesByResource> {
  const query = await db.query();
  const rows = await query('consents')
    .select('resource', 'scope')
    .where({ account_id: accountId, client_id: clientId });
  const scopes: ScopesByResource = new Map();
  for (const { resource, scope } of rows) {
    scopes.set(resource, (scopes.get(resource) ?? new Set()).add(scope));
  }
  return scopes;
}
