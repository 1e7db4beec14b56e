// The requests of OAuth clients, the same for both servers.
import {
  type Algorithm,
  API_SCOPE,
  type BenchClient,
  CHALLENGE,
  REDIRECT_URI,
  resourceOf,
  VERIFIER,
} from './scenario.ts';
import { type Connection, expectStatus } from './target.ts';

/** What a sign-in asks for: `identity` gets an opaque token for userinfo, `api` a JWT and a refresh token. */
export type Wish = 'identity' | 'api';

/** RFC 6749 section 2.3.1; public clients send their id in the form instead. */
export function basic({ id, secret }: BenchClient): Record<string, string> {
  if (!secret) return {};
  return { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` };
}

/** The forms of the token endpoint. */
export const tokenForm = {
  clientCredentials: (algorithm: Algorithm) => ({
    grant_type: 'client_credentials',
    scope: API_SCOPE,
    resource: resourceOf(algorithm),
  }),
  code: (code: string) => ({
    grant_type: 'authorization_code',
    code,
    redirect_uri: REDIRECT_URI,
    code_verifier: VERIFIER,
  }),
  refresh: (token: string) => ({ grant_type: 'refresh_token', refresh_token: token }),
};

/** The path of an authorization request with PKCE. */
export function authorizePath(client: BenchClient, wish: Wish): string {
  const api = { scope: `openid offline_access ${API_SCOPE}`, resource: resourceOf('RS256') };
  const query = new URLSearchParams({
    client_id: client.id,
    response_type: 'code',
    redirect_uri: REDIRECT_URI,
    code_challenge: CHALLENGE,
    code_challenge_method: 'S256',
    state: 'a-state-of-the-client',
    ...(wish === 'api' ? api : { scope: 'openid' }),
  });
  return `/authorize?${query}`;
}

export interface TokenSet {
  access_token: string;
  refresh_token?: string;
}

/** A token request. Throws when it is refused. */
export async function requestTokens(
  connection: Connection,
  client: BenchClient,
  form: Record<string, string>,
): Promise<TokenSet> {
  const identified = client.secret ? form : { ...form, client_id: client.id };
  const answer = await connection.request('/token', { headers: basic(client), form: identified });
  return JSON.parse(expectStatus(answer, 200).text);
}
