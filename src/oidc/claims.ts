// Accounts and claims: who the subject is, and what tokens say of them.
import type {
  AccessToken,
  ClientCredentials,
  Configuration,
  FindAccount,
  KoaContextWithOIDC,
  Account as ProtocolAccount,
} from 'oidc-provider';
import { type Account, findUsableAccount } from '../accounts/account.ts';
import type { Api, Catalog } from '../catalog/apis.ts';
import type { Client, ClientSubscription } from '../storage/clients.ts';
import type { Database } from '../storage/database.ts';
import type { ClientLookup } from './client-lookup.ts';

/** OpenID Connect Core section 5.4, and our own `roles` and `groups`. */
export const CLAIMS = {
  openid: ['sub'],
  profile: ['name', 'given_name', 'family_name', 'updated_at'],
  email: ['email', 'email_verified'],
  roles: ['roles', 'hasroles'],
  groups: ['groups', 'hasgroups'],
};

const accounts = new WeakMap<ProtocolAccount, Account>();

/** Called at each authorize, exchange, refresh and userinfo: a blocked account is not found. */
export function createFindAccount(db: Database): FindAccount {
  return async (_ctx, id) => {
    const account = await findUsableAccount(db, id);
    if (!account) return undefined;
    const found: ProtocolAccount = {
      accountId: account.id,
      claims: () => ({
        sub: account.id,
        name: account.displayName,
        given_name: account.givenName,
        family_name: account.familyName,
        updated_at: Math.floor(account.updatedAt.getTime() / 1000),
        email: account.email,
        email_verified: account.emailVerified,
        ...capped('roles', account.roles),
        ...capped('groups', account.groups),
      }),
    };
    accounts.set(found, account);
    return found;
  };
}

/** The account behind one of the provider's. */
export function accountBehind(found: ProtocolAccount): Account | undefined {
  return accounts.get(found);
}

/** The account behind one that the provider hands to a hook. */
function accountOf(ctx: KoaContextWithOIDC): Account | undefined {
  const found = ctx.oidc.entities.Account;
  return found && accounts.get(found);
}

/** Of roles and of groups; more would make a token too large for the headers of many gateways. */
const MOST_NAMES = 50;

/** A list of names, or the mark that it is too long: a part of it would be taken for the whole. */
function capped(name: 'roles' | 'groups', values: string[]): Record<string, unknown> {
  return values.length > MOST_NAMES ? { [`has${name}`]: true } : { [name]: values };
}

type Token = AccessToken | ClientCredentials;

/** `azp` always (Azure API Management and others look for it), the rest as the API asks. */
export function createExtraTokenClaims(deps: {
  catalog: Catalog;
  clients: ClientLookup;
}): NonNullable<Configuration['extraTokenClaims']> {
  const { catalog, clients } = deps;
  return async (ctx, token) => {
    if (!token.resourceServer) return undefined;
    const api = await apiOf(catalog, token);
    const asked = new Set(api?.claims);
    const account = accountOf(ctx);
    const source = ctx.oidc.entities.RefreshToken ?? ctx.oidc.entities.AuthorizationCode;
    const values: Record<string, unknown> = {
      azp: token.clientId,
      scp: token.scope?.split(' ') ?? [],
      ...(account && { ...capped('roles', account.roles), ...capped('groups', account.groups) }),
      acr: source?.acr,
      amr: source?.amr,
      auth_time: source?.authTime,
      ...subscriptionClaims(ctx.oidc.client && clients.stored(ctx.oidc.client), api, token.scope),
    };
    return Object.fromEntries(
      Object.entries(values).filter(
        ([name, value]) =>
          value !== undefined && (name === 'azp' || asked.has(name.replace(/^has/, ''))),
      ),
    );
  };
}

/**
 * What a gateway counts by: the subscription that gives most of the token's scopes, the oldest of
 * equals, with its product and quota class (`plan`).
 */
function subscriptionClaims(
  client: Client | undefined,
  api: Api | undefined,
  scope = '',
): Record<string, unknown> {
  const names = scope.split(' ');
  const given = ({ scopes }: ClientSubscription) =>
    scopes.filter((one) => one.apiId === api?.id && names.includes(one.scope)).length;
  const active = (client?.application?.subscriptions ?? []).filter(
    (one) => one.state === 'active' && given(one) > 0,
  );
  const [first] = active.toSorted((a, b) => given(b) - given(a));
  return {
    product: first?.product.name,
    plan: first?.product.quotaClass,
    subscription: first?.id,
  };
}

/** Writes the `typ` header that the API wants: RFC 9068's at+jwt, or JWT for older validators. */
export function createJwtCustomizer(catalog: Catalog) {
  return async (
    _ctx: KoaContextWithOIDC,
    token: Token,
    parts: { header?: Record<string, unknown> | undefined },
  ): Promise<void> => {
    const api = await apiOf(catalog, token);
    if (api) parts.header = { ...parts.header, typ: api.typ };
  };
}

async function apiOf(catalog: Catalog, token: Token) {
  const resource = token.resourceServer?.identifier();
  return (await catalog.all()).find((api) => api.resource === resource);
}
