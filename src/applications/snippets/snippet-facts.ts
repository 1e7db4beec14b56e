// What the code of an application says: its own ids and addresses, and an API that it may call.

import type { Api } from '../../catalog/apis.ts';
import type { ApplicationKind } from '../../storage/applications.ts';
import type { Client } from '../../storage/clients.ts';

/** An API that a client may call, with its scopes there. */
export interface CallableApi {
  api: Api;
  scopes: string[];
}

export interface SnippetFacts {
  issuer: string;
  kind: ApplicationKind;
  client: Pick<Client, 'id' | 'redirectUris'>;
  callable: CallableApi;
}

/** The APIs that a client may call now, in the order of the catalog. */
export function callableApis(apis: Api[], client: Pick<Client, 'entitlements'>): CallableApi[] {
  return apis.flatMap((api) => {
    const scopes = [...(client.entitlements.get(api.id) ?? [])].sort();
    return scopes.length > 0 && !api.suspendedAt ? [{ api, scopes }] : [];
  });
}

const LOOPBACK = ['127.0.0.1', 'localhost'];
const FALLBACK = 'http://127.0.0.1/callback';

/**
 * The redirect URI that the code of a client can serve on the developer's machine; the first one
 * when there is none, and for a native application that has none of loopback, what to register.
 */
export function redirectUriOf({ kind, client }: Pick<SnippetFacts, 'kind' | 'client'>): {
  uri: string;
  isLocal: boolean;
} {
  const uris = client.redirectUris.map(({ uri }) => uri);
  const local = uris.find((uri) => LOOPBACK.includes(URL.parse(uri)?.hostname ?? ''));
  if (local !== undefined) return { uri: local, isLocal: true };
  const [first = FALLBACK] = uris;
  return { uri: kind === 'native' ? FALLBACK : first, isLocal: false };
}

/** Where an API can be called: its example, or what looks most like its address. */
export function exampleUrlOf({ exampleUrl, resource }: Api): string {
  return exampleUrl ?? (/^https?:/.test(resource) ? resource : 'https://api.example.com/');
}

/** The values of the templates in views/snippets/. */
export function templateValues(facts: SnippetFacts): Record<string, string> {
  const { issuer, client, callable } = facts;
  const scope = callable.scopes.join(' ');
  const redirect = new URL(redirectUriOf(facts).uri);
  // Behind a proxy that ends TLS, any port will do.
  const port = redirect.protocol === 'https:' ? '8080' : redirect.port || '80';
  const startPath = redirect.pathname === '/' ? '/sign-in' : '/';
  return {
    ...{ issuer, client_id: client.id, scope, openid_scope: `openid ${scope}` },
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    resource: callable.api.resource,
    example_url: exampleUrlOf(callable.api),
    redirect_uri: redirectUriOf(facts).uri,
    callback_path: redirect.pathname,
    loopback_host: redirect.hostname,
    // Only a name of this machine can be listened on.
    listen_host: LOOPBACK.includes(redirect.hostname) ? redirect.hostname : 'localhost',
    start_path: startPath,
    start_url: `${redirect.origin}${startPath}`,
    port,
  };
}
