// The authorization server as this portal knows it: everything but the issuer comes from discovery.
import {
  allowInsecureRequests,
  ClientSecretBasic,
  Configuration,
  discovery,
  enableNonRepudiationChecks,
} from 'openid-client';
import type { ClientCredentials, PortalConfig } from './config.ts';

const TIMEOUT_SECONDS = 5;

/** Discovery failed: nothing is listening there, or what answers is not that issuer. */
export class AuthorizationServerUnreachable extends Error {}

export type AuthorizationServer = {
  /** The client that signs people in. Throws AuthorizationServerUnreachable. */
  loadSignInClient: () => Promise<Configuration>;
  /** The client of the test console. Throws AuthorizationServerUnreachable. */
  loadConsoleClient: () => Promise<Configuration>;
  /** Origins of the endpoints, as far as they are known by now; the issuer's own at least. */
  listOrigins: () => string[];
};

/**
 * Nothing is fetched before the first load; success is kept, failure is tried again next time, so
 * the portal may start before its authorization server.
 */
export function createAuthorizationServer(config: PortalConfig): AuthorizationServer {
  const issuer = new URL(config.issuer);
  const origins = new Set([issuer.origin]);
  let discovered: Promise<Configuration> | undefined;

  const loadSignInClient = (): Promise<Configuration> => {
    discovered ??= discoverIssuer(issuer, config.signIn)
      .then((client) => {
        const metadata = client.serverMetadata();
        const { authorization_endpoint, token_endpoint, end_session_endpoint } = metadata;
        for (const endpoint of [authorization_endpoint, token_endpoint, end_session_endpoint]) {
          if (endpoint !== undefined) origins.add(new URL(endpoint).origin);
        }
        return client;
      })
      .catch((error: unknown) => {
        discovered = undefined;
        const failure = `Discovery of ${config.issuer} failed`;
        // The visitor reads only that it failed; whoever runs the portal wants to know why.
        console.error(`${failure}: ${describeCause(error)}`);
        throw new AuthorizationServerUnreachable(failure, { cause: error });
      });
    return discovered;
  };

  return {
    loadSignInClient,
    loadConsoleClient: async () => {
      const { clientId, clientSecret } = config.console;
      const metadata = (await loadSignInClient()).serverMetadata();
      const auth = ClientSecretBasic(clientSecret);
      return relaxOnLoopback(new Configuration(metadata, clientId, undefined, auth), issuer);
    },
    listOrigins: () => [...origins],
  };
}

async function discoverIssuer(
  issuer: URL,
  { clientId, clientSecret }: ClientCredentials,
): Promise<Configuration> {
  const execute = isLoopbackHttp(issuer)
    ? [allowInsecureRequests, enableNonRepudiationChecks]
    : [enableNonRepudiationChecks];
  return discovery(issuer, clientId, undefined, ClientSecretBasic(clientSecret), {
    execute,
    timeout: TIMEOUT_SECONDS,
  });
}

function relaxOnLoopback(client: Configuration, issuer: URL): Configuration {
  if (isLoopbackHttp(issuer)) allowInsecureRequests(client);
  client.timeout = TIMEOUT_SECONDS;
  return client;
}

function describeCause(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}, ${error.cause.message}` : error.message;
}

// Plain HTTP is acceptable only where nobody else can listen.
function isLoopbackHttp({ protocol, hostname }: URL): boolean {
  return protocol === 'http:' && ['127.0.0.1', '[::1]', 'localhost'].includes(hostname);
}
