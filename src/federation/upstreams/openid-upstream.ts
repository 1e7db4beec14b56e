// What upstreams with OpenID Connect have in common: discovery, and the standard claims.
import * as client from 'openid-client';
import { Refusal, type Tokens, type Upstream, type UpstreamIdentity } from '../connector.ts';

/** A claim that is true as a boolean, as text or as a number: upstreams send all of them. */
export function isTrue(value: unknown): boolean {
  return value === true || value === 1 || value === '1' || value === 'true';
}

/** The text of a claim; undefined when it is missing, empty or no text. */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined;
}

/** The texts of a claim that is a list; undefined when it is none. */
export function namesOf(value: unknown): string[] | undefined {
  if (!Array.isArray(value)) return undefined;
  return value.filter((name) => typeof name === 'string' && name !== '');
}

/** The client's secret, authenticated as the upstream wants it. Throws a Refusal when none is set. */
export function secretOf({ settings, readSecret }: Upstream): string {
  if (!settings.client_secret) throw new Refusal('misconfigured', 'Set client_secret.');
  return readSecret(settings.client_secret);
}

/** What is wrong with the settings of a kind that has no other credential than a secret. */
export function secretProblems({
  client_secret,
}: {
  client_secret?: string | undefined;
}): string[] {
  return client_secret ? [] : ['client_secret: say where it is kept'];
}

/** Reads the discovery document of an issuer, and checks that it is its own (Discovery section 4.3). */
export function discover(
  upstream: Upstream,
  issuer: string,
  authentication: client.ClientAuth,
  metadata: Partial<client.ClientMetadata> = {},
): Promise<client.Configuration> {
  return client.discovery(new URL(issuer), upstream.settings.client_id, metadata, authentication, {
    [client.customFetch]: upstream.fetch as client.CustomFetch,
    timeout: 5,
    execute: [
      // Without it the signature of an ID token that came over TLS is not looked at.
      client.enableNonRepudiationChecks,
      ...(upstream.insecure ? [client.allowInsecureRequests] : []),
    ],
  });
}

/** A client of endpoints that the upstream publishes nowhere. */
export function fixedEndpoints(
  upstream: Upstream,
  server: client.ServerMetadata,
  authentication: client.ClientAuth,
): client.Configuration {
  const { client_id } = upstream.settings;
  const configuration = new client.Configuration(server, client_id, {}, authentication);
  configuration[client.customFetch] = upstream.fetch as client.CustomFetch;
  configuration.timeout = 5;
  if (server.jwks_uri) client.enableNonRepudiationChecks(configuration);
  if (upstream.insecure) client.allowInsecureRequests(configuration);
  return configuration;
}

/** The claims of the ID token, which was validated. Throws when there is none. */
export function claimsOf(tokens: Tokens): client.IDToken {
  const claims = tokens.claims();
  if (!claims) throw new Refusal('invalid_answer', 'The upstream sent no ID token.');
  return claims;
}

/** The standard claims (OpenID Connect Core section 5.1), with what the upstream says of the address. */
export function standardIdentity(claims: client.IDToken): UpstreamIdentity {
  const email = textOf(claims['email']);
  const { email_verified } = claims;
  return {
    issuer: claims.iss,
    subject: claims.sub,
    email,
    emailTrust: email && isTrue(email_verified) ? 'verified' : 'none',
    emailUnproven: email_verified !== undefined && !isTrue(email_verified),
    givenName: textOf(claims['given_name']),
    familyName: textOf(claims['family_name']),
    displayName: textOf(claims['name']),
    sid: textOf(claims['sid']),
    authTime: claims.auth_time,
    amr: namesOf(claims['amr']),
  };
}
