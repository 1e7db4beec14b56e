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
import { takeSessionGrant } from '../storage/session-grants.ts';
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
  const { account, client, session } = ctx.oidc;
  if (!account || !client) return undefined;
  const holder = {
    accountId: account.accountId,
    clientId: client.clientId,
    sessionUid: session && !isNew(session) ? session.uid : undefined,
  };
  const wanted = requestedScopes(ctx.oidc.params ?? {});
  const { grant: existing, isHeld } = await findExisting(ctx, holder);
  const suffices = existing !== undefined && covers(existing, wanted);
  if (suffices && isHeld) return existing;
  if (!(suffices || (await needsNoPage(deps, ctx, holder, wanted)))) return undefined;
  const grant = await buildOnSession(deps.db, ctx.oidc.provider, holder, existing);
  addScopes(grant, wanted);
  await grant.save();
  return grant;
}

// What the consent page has just given, else what the session holds.
async function findExisting(ctx: KoaContextWithOIDC, { accountId, clientId }: GrantHolder) {
  const { provider, result, session } = ctx.oidc;
  const held = session?.grantIdFor(clientId);
  const grantId = result?.consent?.grantId ?? held;
  const grant = grantId ? await provider.Grant.find(grantId) : undefined;
  return grant?.accountId === accountId
    ? { grant, isHeld: grantId === held }
    : { grant: undefined, isHeld: false };
}

async function needsNoPage(
  deps: GrantDeps,
  ctx: KoaContextWithOIDC,
  { accountId, clientId }: GrantHolder,
  wanted: ScopesByResource,
): Promise<boolean> {
  const stored = ctx.oidc.client && deps.clients.stored(ctx.oidc.client);
  if (!stored || stored.kind === 'native' || ctx.oidc.promptPending('consent')) return false;
  return stored.firstParty || isSubset(wanted, await findConsent(deps.db, accountId, clientId));
}

// The library marks a session that it has not stored; nobody else can know it.
function isNew(session: object): boolean {
  return 'new' in session && session.new === true;
}

interface GrantHolder {
  accountId: string;
  clientId: string;
  /** The session that has, or will have, the grant; undefined when it is new. */
  sessionUid: string | undefined;
}

// One grant for each client in a session: a second one would orphan the tokens under the first.
async function buildOnSession(
  db: Database,
  provider: Provider,
  { accountId, clientId, sessionUid }: GrantHolder,
  known?: Grant,
): Promise<Grant> {
  const grantId = sessionUid && (await takeSessionGrant(db, { sessionUid, clientId }));
  const held = grantId ? await provider.Grant.find(grantId) : undefined;
  if (held?.accountId === accountId) return held;
  return known ?? new provider.Grant({ accountId, clientId });
}

/**
 * Records the consent given on the page and returns the id of a grant that holds it: the session's,
 * if it has one for this client.
 */
export async function grantConsent(
  deps: { db: Database; provider: Provider },
  consent: GrantHolder & { params: Record<string, unknown> },
): Promise<string> {
  const scopes = requestedScopes(consent.params);
  await rememberConsent(deps.db, consent.accountId, consent.clientId, scopes);
  const grant = await buildOnSession(deps.db, deps.provider, consent);
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
