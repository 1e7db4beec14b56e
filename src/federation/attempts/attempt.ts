// One trip to an upstream: the request that leads there, and what its answer proves. What is checked
// is openid-client's: state, issuer (RFC 9207), PKCE (RFC 7636), nonce, signature, audience, times.
import * as client from 'openid-client';
import type { AuthorizationHints, ConnectorKind, Tokens, UpstreamIdentity } from '../connector.ts';
import type { Connector } from '../connectors.ts';
import { refusalOf } from '../refusals.ts';
import type { OpenUpstream } from '../upstreams/upstreams.ts';
import { fitIdentity } from './fit-identity.ts';

/** What binds an answer to its request. */
export interface AttemptSecrets {
  state: string;
  nonce?: string | undefined;
  codeVerifier?: string | undefined;
}

/** Where the browser goes, and the secrets that its answer must fit. */
export async function authorizationUrl(
  { kind }: Pick<Connector, 'kind'>,
  upstream: OpenUpstream,
  hints: AuthorizationHints,
): Promise<{ url: URL; secrets: AttemptSecrets }> {
  const secrets = createSecrets(kind);
  const { codeVerifier, nonce, state } = secrets;
  const scope = (upstream.settings.scopes ?? kind.scopes).join(' ');
  const url = client.buildAuthorizationUrl(upstream.configuration, {
    ...kind.authorizationParameters?.(upstream, hints),
    redirect_uri: upstream.redirectUri,
    ...(scope ? { scope } : {}),
    state,
    ...(nonce ? { nonce } : {}),
    ...(kind.responseMode ? { response_mode: kind.responseMode } : {}),
    ...(codeVerifier
      ? {
          code_challenge: await client.calculatePKCECodeChallenge(codeVerifier),
          code_challenge_method: 'S256',
        }
      : {}),
  });
  return { url, secrets };
}

function createSecrets(kind: ConnectorKind): AttemptSecrets {
  return {
    state: client.randomState(),
    ...(kind.protocol === 'oidc' ? { nonce: client.randomNonce() } : {}),
    ...(kind.pkce === false ? {} : { codeVerifier: client.randomPKCECodeVerifier() }),
  };
}

/** Redeems the answer that the callback received. Throws a Refusal, whatever went wrong. */
export async function redeemAnswer(
  { kind }: Pick<Connector, 'kind'>,
  upstream: OpenUpstream,
  secrets: AttemptSecrets,
  answer: URLSearchParams,
): Promise<{ identity: UpstreamIdentity; tokens: Tokens }> {
  try {
    const { configuration, redirectUri } = upstream;
    const tokens = await client.authorizationCodeGrant(
      configuration,
      new URL(`${redirectUri}?${answer}`),
      {
        expectedState: secrets.state,
        idTokenExpected: kind.protocol !== 'oauth2',
        ...(secrets.nonce ? { expectedNonce: secrets.nonce } : {}),
        ...(secrets.codeVerifier ? { pkceCodeVerifier: secrets.codeVerifier } : {}),
      },
    );
    const identity = await kind.readIdentity(upstream, { configuration, tokens, callback: answer });
    return { identity: fitIdentity(identity), tokens };
  } catch (error) {
    throw refusalOf(kind, error, upstream);
  }
}
