// Which API is a token for? `resource`, else `audience`, else the API that owns the scopes, else the
// client's default (design: a token is for exactly one API and is never silently reduced).
import { errors } from 'oidc-provider';
import { type Api, findApi } from '../catalog/apis.ts';
import type { Client } from '../storage/clients.ts';
import { IDENTITY_SCOPES } from './client-metadata.ts';
import { type Reason, refusedBy } from './refused-by.ts';

const DEFAULT_SUFFIX = '/.default';

/** The scopes of a request that are not identity scopes. */
export function apiScopes(scope: unknown): string[] {
  const names = typeof scope === 'string' ? scope.split(' ').filter(Boolean) : [];
  return [...new Set(names)].filter((name) => !IDENTITY_SCOPES.includes(name));
}

/** The API that an `audience` parameter names. Throws invalid_target when there is none. */
export function apiByName(apis: Api[], name: string): Api {
  const api = findApi(apis, name);
  if (!api)
    throw unknownApi(
      new errors.InvalidTarget(`${printable(name)} is not an API of this server`),
      name,
    );
  return api;
}

/**
 * The API that the requested scopes belong to, among those that the client was given.
 * Throws invalid_scope naming an unknown or unentitled scope, invalid_target for scopes of two APIs
 * or a choice that only the client can make (RFC 8707 section 2).
 */
export function apiOfScopes(apis: Api[], client: Client, scopes: string[]): Api {
  const shorthand = scopes.find((name) => name.endsWith(DEFAULT_SUFFIX));
  if (shorthand) return apiByName(apis, shorthand.slice(0, -DEFAULT_SUFFIX.length));

  const unknown = scopes.find((name) => !apis.some((api) => owns(api, name)));
  if (unknown) throw unknownScope(`scope ${unknown} is not known here`, unknown);
  const owners = apis.filter((api) => scopes.every((name) => owns(api, name)));
  if (owners.length === 0) {
    throw ambiguous(
      `the scopes ${scopes.join(' ')} belong to different APIs and a token is for exactly one: ask for them in separate requests`,
    );
  }
  const given = owners.filter((api) => scopes.every((name) => isEntitled(client, api, name)));
  const [only] = given;
  if (!only) {
    const missing = scopes.find((name) => !owners.some((api) => isEntitled(client, api, name)));
    throw notGiven(client, missing ?? scopes.join(' '), owners);
  }
  if (given.length === 1) return only;
  const preferred = given.find((api) => api.id === client.defaultApiId);
  if (preferred) return preferred;
  throw ambiguous(
    `several APIs own these scopes: name one with the resource parameter (${given.map(({ resource }) => resource).join(' or ')})`,
  );
}

/** The API of a request that names neither API nor scope: the default, or the only one given. */
export function defaultApi(apis: Api[], client: Client): Api | undefined {
  const given = apis.filter((api) => client.entitlements.has(api.id));
  return (
    given.find((api) => api.id === client.defaultApiId) ??
    (given.length === 1 ? given[0] : undefined)
  );
}

/** Every requested scope must be one of the API and given to the client; else invalid_scope names it. */
export function checkScopes(api: Api, client: Client, scopes: string[]): void {
  for (const name of scopes) {
    if (!owns(api, name))
      throw unknownScope(`scope ${name} is not one of ${printable(api.resource)}`, name, api);
    if (!isEntitled(client, api, name)) throw notGiven(client, name, [api]);
  }
}

/** The refusal of an API of which the client has no scope at all. */
export function givenNothing(api: Api, client: Client): errors.InvalidTarget {
  const detail = { api: api.name };
  if (client.environment !== undefined && api.environment !== client.environment)
    return refusedBy(
      new errors.InvalidTarget(
        `this client was given no scope of ${printable(api.resource)}: it is a ${api.environment} API, and this is a ${client.environment} client${client.application ? ` (use the ${api.environment} credentials of the application)` : ''}`,
      ),
      'environment_mismatch',
      detail,
    );
  const [waiting] = api.scopes.flatMap(({ name }) => subscriptionReason(client, name, [api]) ?? []);
  const error = new errors.InvalidTarget(
    waiting?.words ?? `this client was given no scope of ${printable(api.resource)}`,
  );
  return refusedBy(error, waiting?.rule ?? 'api_not_subscribed', { ...detail, ...waiting?.detail });
}

/** Replaces `<audience>/.default` by all scopes of the API that the client was given. */
export function expandDefault(api: Api, client: Client, scope: string): string {
  if (!scope.includes(DEFAULT_SUFFIX)) return scope;
  const shorthands = [api.resource + DEFAULT_SUFFIX, api.audience + DEFAULT_SUFFIX];
  return scope
    .split(' ')
    .flatMap((name) => (shorthands.includes(name) ? entitledScopes(api, client) : [name]))
    .join(' ');
}

/** All scopes of the API that the client was given, in the API's order. */
export function entitledScopes(api: Api, client: Client): string[] {
  return api.scopes.map(({ name }) => name).filter((name) => isEntitled(client, api, name));
}

/** A value of the request as error_description may carry it (RFC 6749 appendix A.8). */
export function printable(value: string): string {
  return value.slice(0, 200).replace(/[^\x20\x21\x23-\x5b\x5d-\x7e]/g, '?');
}

function owns(api: Api, name: string): boolean {
  return api.scopes.some((scope) => scope.name === name);
}

function isEntitled(client: Client, api: Api, name: string): boolean {
  return client.entitlements.get(api.id)?.has(name) === true;
}

function notGiven(client: Client, scope: string, owners: Api[]) {
  const waiting = subscriptionReason(client, scope, owners);
  const [only, another] = owners;
  return refusedBy(
    invalidScope(waiting?.words ?? `this client was not given the scope ${scope}`),
    waiting?.rule ?? 'scope_not_subscribed',
    { scope, ...(only && !another ? { api: only.name } : {}), ...waiting?.detail },
  );
}

// Whether a subscription would give the scope, were it active.
function subscriptionReason(
  client: Client,
  scope: string,
  owners: Api[],
): (Reason & { words: string }) | undefined {
  const waiting = client.application?.subscriptions.find(
    ({ state, scopes }) =>
      state !== 'active' &&
      scopes.some((given) => given.scope === scope && owners.some(({ id }) => id === given.apiId)),
  );
  if (!waiting) return undefined;
  const { state, product } = waiting;
  return {
    rule: state === 'submitted' ? 'subscription_waiting' : 'subscription_suspended',
    detail: { product: product.name },
    words: `the subscription to ${printable(product.name)} that gives the scope ${scope} is ${state === 'submitted' ? 'not approved yet' : 'suspended'}`,
  };
}

function unknownScope(description: string, scope: string, api?: Api) {
  const detail = { scope: printable(scope), ...(api ? { api: api.name } : {}) };
  return refusedBy(invalidScope(description), 'scope_unknown', detail);
}

/** Marks the refusal of a name that is no API's. */
export function unknownApi(error: errors.InvalidTarget, name: string): errors.InvalidTarget {
  return refusedBy(error, 'api_unknown', { sent: printable(name) });
}

/** The refusal of a request that could be for several APIs. */
export function ambiguous(description: string): errors.InvalidTarget {
  return refusedBy(new errors.InvalidTarget(description), 'api_ambiguous');
}

/** An invalid_scope whose description names the scope: a member of its own is not defined for redirects. */
export function invalidScope(description: string) {
  // The types ask for the scope, which the library would send as a parameter of the redirect.
  return new (errors.InvalidScope as unknown as new (text: string) => errors.InvalidScope)(
    description,
  );
}
