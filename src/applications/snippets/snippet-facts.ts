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
  client: Pick<Client, 'id' | 'redirectUris' | 'environment'>;
  callable: CallableApi;
}

/** The APIs that a client may call now, those with an example first. */
export function callableApis(apis: Api[], client: Pick<Client, 'entitlements'>): CallableApi[] {
  const callable = apis.flatMap((api) => {
    const scopes = [...(client.entitlements.get(api.id) ?? [])].sort();
    return scopes.length > 0 && !api.suspendedAt ? [{ api, scopes }] : [];
  });
  return callable.sort((a, b) => Number(!a.api.exampleUrl) - Number(!b.api.exampleUrl));
}

const LOOPBACK = ['127.0.0.1', 'localhost'];
/** With which the code runs on the machine of a developer. */
const LOCAL_URIS = {
  web: 'http://localhost:8080/callback',
  spa: 'http://localhost:5173/callback',
  native: 'http://127.0.0.1/callback',
};

/**
 * The redirect URI that the code serves: one of the developer's own machine if there is any. A native
 * application without one gets what it should register.
 */
function redirectUriOf({ kind, client }: Pick<SnippetFacts, 'kind' | 'client'>): string {
  const [first] = client.redirectUris;
  return findLocalUri(client) ?? (kind === 'native' ? undefined : first?.uri) ?? LOCAL_URIS.native;
}

function findLocalUri({ redirectUris }: SnippetFacts['client']): string | undefined {
  const uris = redirectUris.map(({ uri }) => uri);
  return uris.find((uri) => LOOPBACK.includes(URL.parse(uri)?.hostname ?? ''));
}

/** The redirect URI without which the code does not run on the developer's machine, where one may be. */
export function missingLocalUri({
  kind,
  client,
}: Pick<SnippetFacts, 'kind' | 'client'>): string | undefined {
  if (kind === 'machine' || findLocalUri(client)) return undefined;
  return kind === 'native' || client.environment === 'sandbox' ? LOCAL_URIS[kind] : undefined;
}

/** Where an API can be called: its example, or what looks most like its address. */
function exampleUrlOf({ exampleUrl, resource }: Api): string {
  return exampleUrl ?? (/^https?:/.test(resource) ? resource : 'https://api.example.com/');
}

/** The values of the templates in views/snippets/. */
export function templateValues(facts: SnippetFacts): Record<string, string> {
  const { issuer, client, callable } = facts;
  const scope = callable.scopes.join(' ');
  const redirectUri = redirectUriOf(facts);
  const redirect = new URL(redirectUri);
  // Behind a proxy that ends TLS, any port will do.
  const port = redirect.protocol === 'https:' ? '8080' : redirect.port || '80';
  const startPath = redirect.pathname === '/' ? '/sign-in' : '/';
  return {
    ...{ issuer, client_id: client.id, scope, openid_scope: `openid ${scope}` },
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    resource: callable.api.resource,
    example_url: exampleUrlOf(callable.api),
    redirect_uri: redirectUri,
    callback_path: redirect.pathname,
    loopback_host: redirect.hostname,
    // Only a name of this machine can be listened on.
    listen_host: LOOPBACK.includes(redirect.hostname) ? redirect.hostname : 'localhost',
    start_path: startPath,
    start_url: `${redirect.origin}${startPath}`,
    port,
  };
}
