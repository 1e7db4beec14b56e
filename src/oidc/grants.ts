// Grants: what a client may do for an account. First-party clients need no consent page; for others
// an earlier consent that covers the request is enough, except for native clients.
import type { Grant, KoaContextWithOIDC, Provider } from 'oidc-provider';
import {
  findConsent,
  IDENTITY,
  rememberConsent,
  type ScopesByResource,
} from '../storage/consents.ts';
import type { Database } from '../storage/database.ts';
import type { ClientLookup } from './client-lookup.ts';
import { IDENTITY_SCOPES } from './client-metadata.ts';

interface GrantDeps {
  db: Database;
  clients: ClientLookup;
}

/** `loadExistingGrant`: the session's grant if it covers the request, else one that needs no page. */
export function createGrantLoader(deps: GrantDeps) {
  return (ctx: KoaContextWithOIDC) => loadGrant(deps, ctx);
}

async function loadGrant(deps: GrantDeps, ctx: KoaContextWithOIDC): Promise<Grant | undefined> {
  const { account, client } = ctx.oidc;
  if (!account || !client) return undefined;
  const { accountId } = account;
  const wanted = requestedScopes(ctx.oidc.params ?? {});
  const existing = await findExisting(ctx, client.clientId);
  if (existing?.accountId === accountId && covers(existing, wanted)) return existing;

  const stored = deps.clients.stored(client);
  if (ctx.oidc.promptPending('consent') || stored.kind === 'native') return undefined;
  const allowed = stored.firstParty ? wanted : await findConsent(deps.db, accountId, stored.id);
  if (!isSubset(wanted, allowed)) return undefined;
  const grant = new ctx.oidc.provider.Grant({ accountId, clientId: stored.id });
  addScopes(grant, wanted);
  await grant.save();
  return grant;
}

async function findExisting(ctx: KoaContextWithOIDC, clientId: string): Promise<Grant | undefined> {
  const { provider, result, session } = ctx.oidc;
  const grantId = result?.consent?.grantId ?? session?.grantIdFor(clientId);
  return grantId ? provider.Grant.find(grantId) : undefined;
}

/** Records the consent given on the page and returns the id of a grant for exactly that. */
export async function grantConsent(
  deps: { db: Database; provider: Provider },
  consent: { accountId: string; clientId: string; params: Record<string, unknown> },
): Promise<string> {
  const scopes = requestedScopes(consent.params);
  await rememberConsent(deps.db, consent.accountId, consent.clientId, scopes);
  const { accountId, clientId } = consent;
  const grant = new deps.provider.Grant({ accountId, clientId });
  addScopes(grant, scopes);
  return grant.save();
}

/** The scopes of an authorization request: identity scopes under `openid`, the others by API. */
export function requestedScopes(params: Record<string, unknown>): ScopesByResource {
  const { scope, resource } = params;
  const names = typeof scope === 'string' ? scope.split(' ').filter(Boolean) : [];
  const isIdentity = (name: string) => IDENTITY_SCOPES.includes(name);
  const scopes: ScopesByResource = new Map();
  if (names.some(isIdentity)) scopes.set(IDENTITY, new Set(names.filter(isIdentity)));
  const api = Array.isArray(resource) ? resource[0] : resource;
  if (typeof api === 'string') scopes.set(api, new Set(names.filter((name) => !isIdentity(name))));
  return scopes;
}

function addScopes(grant: Grant, scopes: ScopesByResource): void {
  for (const [resource, names] of scopes) {
    if (resource === IDENTITY) grant.addOIDCScope([...names].join(' '));
    else if (names.size > 0) grant.addResourceScope(resource, [...names].join(' '));
  }
}

function covers(grant: Grant, wanted: ScopesByResource): boolean {
  return [...wanted].every(([resource, names]) => {
    const granted = resource === IDENTITY ? grant.getOIDCScope() : grant.getResourceScope(resource);
    const set = new Set(granted.split(' '));
    return [...names].every((name) => set.has(name));
  });
}

function isSubset(wanted: ScopesByResource, allowed: ScopesByResource): boolean {
  return [...wanted].every(([resource, names]) =>
    [...names].every((name) => allowed.get(resource)?.has(name)),
  );
}
