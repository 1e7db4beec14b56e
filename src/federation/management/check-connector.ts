// What can be found out about a connector before anybody signs in with it.
import * as client from 'openid-client';
import { z } from 'zod';
import { Refusal, type Upstream } from '../connector.ts';
import type { Connector } from '../connectors.ts';
import { refusalOf } from '../refusals.ts';
import { secretReference } from '../settings.ts';
import { redirectUriOf, type UpstreamDeps } from '../upstreams/upstreams.ts';

export interface Check {
  name: string;
  /** `unclear`: the upstream's answer says neither. */
  state: 'ok' | 'failed' | 'unclear';
  /** What was found, and what to do about it. */
  detail: string;
}

type Tested = Upstream<Record<string, unknown>>;

const keySet = z.object({ keys: z.array(z.looseObject({ use: z.string().optional() })) });

/** Checks a connector, enabled or not, against its upstream. Nothing is kept or changed. */
export async function checkConnector(deps: UpstreamDeps, connector: Connector): Promise<Check[]> {
  const redirectUri = redirectUriOf(deps.issuer, connector.id);
  const upstream: Tested = {
    settings: connector.settings,
    readSecret: deps.readSecret,
    fetch: deps.fetchFor(connector),
    redirectUri,
    insecure: deps.insecure,
  };
  const checks = checkSecrets(upstream);
  checks.push(ok('redirect URI', `Register it with the upstream: ${redirectUri}`));
  // Each of the following needs the one before.
  if (checks.some(({ state }) => state === 'failed')) return checks;
  let configuration: client.Configuration;
  try {
    configuration = await connector.kind.configure(upstream);
  } catch (error) {
    return [...checks, failed('discovery', explain(connector, upstream, error))];
  }
  const server = configuration.serverMetadata();
  checks.push(ok('discovery', `The token endpoint is ${server.token_endpoint ?? 'unknown'}`));
  checks.push(ok('issuer', server.issuer));
  if (connector.kind.protocol !== 'oauth2') checks.push(await checkKeys(upstream, server.jwks_uri));
  checks.push(await checkAuthorizationEndpoint(upstream, server.authorization_endpoint));
  checks.push(await checkClient(connector, upstream, configuration));
  return checks;
}

function checkSecrets({ settings, readSecret }: Tested): Check[] {
  const references = Object.entries(settings).filter(
    (entry): entry is [string, string] => secretReference.safeParse(entry[1]).success,
  );
  return references.map(([name, reference]) => {
    try {
      readSecret(reference);
      return ok(name, `${reference} can be read`);
    } catch (error) {
      return failed(name, error instanceof Error ? error.message : reference);
    }
  });
}

async function checkKeys({ fetch }: Tested, url: string | undefined): Promise<Check> {
  const name = 'keys';
  if (!url) return failed(name, 'The discovery document names no jwks_uri');
  try {
    const response = await fetch(url);
    if (!response.ok) return failed(name, `${url} answers with status ${response.status}`);
    const { keys } = keySet.parse(await response.json());
    const signing = keys.filter(({ use = 'sig' }) => use === 'sig');
    if (signing.length === 0) return failed(name, `${url} has no key that signs`);
    return ok(name, `${signing.length} at ${url}`);
  } catch (error) {
    return failed(name, error instanceof Refusal ? error.message : `${url} is no key set`);
  }
}

async function checkAuthorizationEndpoint(
  { fetch }: Tested,
  url: string | undefined,
): Promise<Check> {
  const name = 'authorization endpoint';
  if (!url) return failed(name, 'The discovery document names none');
  try {
    // Its page may be large, and is of no interest.
    const { status } = await fetch(url, { method: 'HEAD' });
    if (status === 404 || status >= 500)
      return failed(name, `${url} answers with status ${status}`);
    return ok(name, url);
  } catch (error) {
    return failed(name, error instanceof Error ? error.message : url);
  }
}

// A code that nobody issued: who knows the client refuses the code, who does not refuses the client.
async function checkClient(
  connector: Connector,
  upstream: Tested,
  configuration: client.Configuration,
): Promise<Check> {
  const name = 'client authentication';
  try {
    await client.genericGrantRequest(configuration, 'authorization_code', {
      code: client.randomState(),
      redirect_uri: upstream.redirectUri,
      ...(connector.kind.pkce === false ? {} : { code_verifier: client.randomPKCECodeVerifier() }),
    });
    return failed(name, 'The upstream gave tokens for a code that it never issued');
  } catch (error) {
    const { message, reason } = refusalOf(connector.kind, error, upstream);
    const refusedCode = error instanceof client.ResponseBodyError && reason !== 'unavailable';
    if (refusedCode && reason !== 'misconfigured')
      return ok(name, `It knows the client, and refuses a made-up code (${message})`);
    if (refusedCode && error.error === 'invalid_request')
      return {
        name,
        state: 'unclear',
        detail: `It does not say whether it knows the client (${message})`,
      };
    return failed(name, explain(connector, upstream, error));
  }
}

const ADVICE: Record<string, string> = {
  invalid_client: 'check client_id, client_secret and how the client authenticates',
  unauthorized_client: 'check client_id, and that the client may use the authorization code flow',
};

function explain(connector: Connector, upstream: Tested, error: unknown): string {
  const { message } = refusalOf(connector.kind, error, upstream);
  const code = error instanceof client.ResponseBodyError ? error.error : '';
  const answer = error instanceof Error ? error.cause : undefined;
  const status = answer instanceof Response ? ` (status ${answer.status})` : '';
  return [`${message}${status}`, ADVICE[code]].filter(Boolean).join(': ');
}

const ok = (name: string, detail: string): Check => ({ name, state: 'ok', detail });
const failed = (name: string, detail: string): Check => ({ name, state: 'failed', detail });
