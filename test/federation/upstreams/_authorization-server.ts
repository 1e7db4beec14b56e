// The part of a fake upstream that RFC 6749 describes: codes that work once, for the client, the
// redirect URI and the PKCE verifier that they were issued for.
import { createHash, randomUUID } from 'node:crypto';
import {
  answerBadly,
  type Callback,
  type Claims,
  createSigningKeys,
  type FakeUpstream,
  type Faults,
  json,
  type Place,
  type SeenRequest,
  type SigningKeys,
} from './_fake.ts';

export const CLIENT_ID = 'our-client';
export const CLIENT_SECRET = 'a-secret-that-must-never-be-seen';

/** What was asked for at the authorization endpoint. */
export interface Asked {
  params: URLSearchParams;
  nonce: string | undefined;
  scopes: string[];
}

export interface Route {
  place: Place;
  /** At `api` only with an access token that was issued. */
  answer(request: SeenRequest): Promise<Response> | Response;
}

export interface ServerShape {
  origins: string[];
  issuer: string;
  /** Whether callbacks carry RFC 9207's `iss`. */
  sendsIss?: boolean;
  /** Their full addresses. */
  authorizationEndpoint: string;
  tokenEndpoint: string;
  /** Whether a token request is the client's. */
  isClient(request: SeenRequest, body: URLSearchParams): boolean | Promise<boolean>;
  /** What the token endpoint answers besides the access token. */
  tokens?(asked: Asked): Promise<Record<string, unknown>> | Record<string, unknown>;
  /** The claims of the ID token besides iss, aud and nonce; left out: there is none. */
  idToken?(asked: Asked): Claims;
  keys?: SigningKeys;
  /** How an error of the token endpoint is told. */
  tokenError?(error: NonNullable<Faults['token']>): Response;
  /** Fields that come back besides code, state and iss; `form_post`: as a POST. */
  callback?(asked: Asked): Record<string, string>;
  /** By full address. */
  routes: Record<string, Route>;
}

export interface FakeServer extends FakeUpstream {
  /** In order; only the newest is good. */
  issuedRefreshTokens: string[];
  keys: SigningKeys;
}

const standardError = (error: NonNullable<Faults['token']>) =>
  error.error === 'invalid_client'
    ? Response.json(error, { status: 401, headers: { 'www-authenticate': 'Basic realm="token"' } })
    : json(error, 400);

const refreshProblem = ({ faults, issuedRefreshTokens }: FakeServer, presented: string | null) =>
  faults.token ??
  (presented === issuedRefreshTokens.at(-1) ? undefined : { error: 'invalid_grant' });

/** Builds a fake from what is peculiar to its upstream. */
export function createAuthorizationServer(shape: ServerShape): FakeServer {
  const keys = shape.keys ?? createSigningKeys();
  const codes = new Map<string, Asked>();
  const accessTokens = new Set<string>();
  const issuedRefreshTokens: string[] = [];
  const tokenError = shape.tokenError ?? standardError;

  async function answerToken(request: SeenRequest): Promise<Response> {
    const body = new URLSearchParams(request.body);
    if (!(await shape.isClient(request, body))) return tokenError({ error: 'invalid_client' });
    if (body.get('grant_type') === 'refresh_token') return answerRefresh(body);
    const code = String(body.get('code'));
    const asked = codes.get(code);
    codes.delete(code);
    const error = fake.faults.token ?? wrongIn(asked, body);
    if (error || !asked) return tokenError(error ?? { error: 'invalid_grant' });
    const access_token = randomUUID();
    accessTokens.add(access_token);
    return json({
      access_token,
      token_type: 'Bearer',
      expires_in: 3600,
      refresh_token: issueRefreshToken(),
      ...(await idTokenFor(asked)),
      ...(await shape.tokens?.(asked)),
    });
  }

  function issueRefreshToken(): string {
    const token = randomUUID();
    issuedRefreshTokens.push(token);
    return token;
  }

  // Each use replaces it: only the newest is good.
  function answerRefresh(body: URLSearchParams): Response {
    const error = refreshProblem(fake, body.get('refresh_token'));
    if (error) return tokenError(error);
    const token = { access_token: randomUUID(), token_type: 'Bearer', expires_in: 3600 };
    return json({ ...token, refresh_token: issueRefreshToken() });
  }

  async function idTokenFor(asked: Asked): Promise<{ id_token?: string }> {
    const { idToken } = fake.faults;
    if (!shape.idToken || idToken === 'absent') return {};
    const standard = { iss: shape.issuer, aud: CLIENT_ID, nonce: asked.nonce };
    return { id_token: await keys.sign({ ...standard, ...shape.idToken(asked) }, idToken) };
  }

  const routes: Record<string, Route> = {
    [shape.tokenEndpoint]: { place: 'token', answer: answerToken },
    ...shape.routes,
  };

  const fake: FakeServer = {
    origins: shape.origins,
    issuedRefreshTokens,
    keys,
    faults: {},
    requests: [],
    async authorize(url) {
      const asked = readAuthorization(url, shape.authorizationEndpoint);
      const code = randomUUID();
      const { authorization, callbackIss } = fake.faults;
      if (!authorization) codes.set(code, asked);
      const iss = callbackIss ?? (shape.sendsIss ? shape.issuer : undefined);
      const fields = {
        ...(authorization ?? { code, ...shape.callback?.(asked) }),
        state: asked.params.get('state') ?? '',
        ...(iss === undefined ? {} : { iss }),
      };
      return toCallback(asked, new URLSearchParams(fields));
    },
    async fetch(request) {
      const { origin, pathname } = new URL(request.url);
      const route = routes[`${origin}${pathname}`];
      const seen = await see(request, route?.place);
      fake.requests.push(seen);
      if (!route) return new Response('Not Found', { status: 404 });
      const bad = fake.faults.answers?.[route.place];
      if (bad) return answerBadly(bad);
      if (route.place === 'api' && !accessTokens.has(bearerOf(seen)))
        return json({ message: 'Bad credentials' }, 401);
      return route.answer(seen);
    },
  };
  return fake;
}

/** Whether a request carries the client's secret by HTTP Basic (RFC 6749 section 2.3.1). */
export function usesBasic({ headers }: SeenRequest): boolean {
  const [scheme, pair = ''] = (headers.get('authorization') ?? '').split(' ');
  const [id, secret] = Buffer.from(pair, 'base64').toString().split(':').map(decodeURIComponent);
  return scheme === 'Basic' && id === CLIENT_ID && secret === CLIENT_SECRET;
}

/** Whether a request carries the client's secret in its body, and nowhere else. */
export function usesPost({ headers }: SeenRequest, body: URLSearchParams): boolean {
  return (
    !headers.has('authorization') &&
    body.get('client_id') === CLIENT_ID &&
    body.get('client_secret') === CLIENT_SECRET
  );
}

function readAuthorization(url: URL, endpoint: string): Asked {
  const params = url.searchParams;
  if (`${url.origin}${url.pathname}` !== endpoint)
    throw new Error(`${url} is not the authorization endpoint ${endpoint}`);
  for (const name of ['client_id', 'redirect_uri', 'state'])
    if (!params.get(name)) throw new Error(`the authorization request has no ${name}: ${url}`);
  if (params.get('response_type') !== 'code') throw new Error(`not response_type=code: ${url}`);
  return {
    params,
    nonce: params.get('nonce') ?? undefined,
    scopes: (params.get('scope') ?? '').split(/[ ,]/).filter(Boolean),
  };
}

function toCallback({ params }: Asked, fields: URLSearchParams): Callback {
  const redirectUri = params.get('redirect_uri') ?? '';
  if (params.get('response_mode') === 'form_post')
    return { method: 'POST', url: redirectUri, body: fields };
  return { method: 'GET', url: `${redirectUri}?${fields}` };
}

function wrongIn(asked: Asked | undefined, body: URLSearchParams): Faults['token'] {
  const error = 'invalid_grant';
  if (!asked) return { error, error_description: 'unknown code' };
  if (body.get('redirect_uri') !== asked.params.get('redirect_uri'))
    return { error, error_description: 'another redirect_uri' };
  if (!provesPkce(asked, body)) return { error, error_description: 'another code_verifier' };
  return undefined;
}

function provesPkce({ params }: Asked, body: URLSearchParams): boolean {
  const challenge = params.get('code_challenge');
  if (!challenge) return !body.has('code_verifier');
  const verifier = body.get('code_verifier') ?? '';
  return createHash('sha256').update(verifier).digest('base64url') === challenge;
}

const bearerOf = ({ headers, url }: SeenRequest) =>
  headers.get('authorization')?.replace(/^Bearer /, '') ??
  url.searchParams.get('access_token') ??
  '';

async function see(request: Request, place: Place | undefined): Promise<SeenRequest> {
  const { method, headers } = request;
  return { place, method, url: new URL(request.url), headers, body: await request.text() };
}
