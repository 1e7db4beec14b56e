// The URIs of a client, all together: where people are sent after signing in and out, and where code
// in a browser calls from. The same policy when they are written first and whenever they change.
import type { ClientKind, Environment, RedirectUriType } from '../../storage/clients.ts';
import {
  findOriginProblem,
  findProductionProblem,
  findRedirectUriProblem,
  type UriProblem,
} from './redirect-uri-policy.ts';

export interface ClientUris {
  redirectUris: { uri: string; type: RedirectUriType }[];
  postLogoutRedirectUris: string[];
  allowedCorsOrigins: string[];
}

/** What decides which URIs are fine. */
export interface UriOwner {
  kind: ClientKind;
  /** Production takes no loopback addresses for what does not run on a device. */
  environment: Environment | undefined;
}

const MOST_URIS = 50;
const LONGEST_URI = 2000;
/** Kinds that nobody signs in to. */
const WITHOUT_PEOPLE: ClientKind[] = ['machine', 'resource-server'];

/** Says what is wrong with the URIs of a client, naming the field; undefined when they are fine. */
export function clientUrisProblem(owner: UriOwner, uris: ClientUris): string | undefined {
  return (
    countProblem(uris) ??
    redirectUrisProblem(owner, uris) ??
    firstProblem('post-logout redirect URI', uris.postLogoutRedirectUris, (uri) =>
      findUriProblem(owner, 'post-logout', uri),
    ) ??
    firstProblem('CORS origin', uris.allowedCorsOrigins, (origin) =>
      findUriProblem(owner, 'origin', origin),
    )
  );
}

/** Says what is wrong with one of them; undefined when it is fine. */
export function findUriProblem(
  { kind, environment }: UriOwner,
  purpose: 'redirect' | 'post-logout' | 'origin',
  uri: string,
  type: RedirectUriType = kind === 'native' ? 'native' : 'web',
): UriProblem | undefined {
  const found = purpose === 'origin' ? findOriginProblem(uri) : findRedirectUriProblem(uri, type);
  return found ?? (environment === 'production' ? findProductionProblem(uri, type) : undefined);
}

function countProblem(uris: ClientUris): string | undefined {
  const all = [
    ...uris.redirectUris.map(({ uri }) => uri),
    ...uris.postLogoutRedirectUris,
    ...uris.allowedCorsOrigins,
  ];
  if (all.length > MOST_URIS) return `a client has at most ${MOST_URIS} URIs and origins`;
  return all.some((uri) => uri.length > LONGEST_URI)
    ? `a URI has at most ${LONGEST_URI} characters`
    : undefined;
}

function redirectUrisProblem(owner: UriOwner, { redirectUris }: ClientUris): string | undefined {
  const { kind } = owner;
  const redirects = !WITHOUT_PEOPLE.includes(kind);
  if (redirects && redirectUris.length === 0)
    return `a ${kind} client needs at least one redirect URI`;
  if (!redirects && redirectUris.length > 0) return `a ${kind} client has no redirect URIs`;
  const types: string[] = kind === 'mixed' ? ['web', 'spa'] : [kind];
  const odd = redirectUris.find(({ type }) => !types.includes(type));
  if (odd) return `redirect URI ${odd.uri}: a ${kind} client takes the type ${types.join(' or ')}`;
  const uris = redirectUris.map(({ uri }) => uri);
  const twice = uris.find((uri, index) => uris.indexOf(uri) !== index);
  if (twice) return `redirect URI ${twice} is named twice: it has one type`;
  for (const { uri, type } of redirectUris) {
    const problem = findUriProblem(owner, 'redirect', uri, type);
    if (problem) return `redirect URI ${uri} ${problem.text}`;
  }
  return undefined;
}

function firstProblem(
  label: string,
  values: string[],
  check: (value: string) => UriProblem | undefined,
): string | undefined {
  for (const value of values) {
    const problem = check(value);
    if (problem) return `${label} ${value} ${problem.text}`;
  }
  return undefined;
}
