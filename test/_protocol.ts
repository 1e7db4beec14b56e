// The requests of an OAuth client, and a person in a browser who answers our pages.
import { createHash, randomBytes } from 'node:crypto';
import type { ExecutionContext } from 'ava';
import {
  type ClientRequest,
  registerClient,
} from '../src/applications/registration/register-client.ts';
import { insertAccount } from '../src/storage/accounts.ts';
import { digest } from '../src/storage/oidc-payloads.ts';
import { type Agent, createAgent, type Page } from './_agent.ts';
import type { Server } from './_installation.ts';

/** What a request needs to know of a client: a seeded one, or one of `addClient`. */
export interface TestClient {
  client_id: string;
  client_secret?: string;
  redirect_uris: string[];
}

/** Parameters of a request; `undefined` leaves one out, a list sends it several times. */
export type Params = Record<string, string | string[] | undefined>;

export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  /** The JSON body; empty when the answer is none. */
  body: Record<string, unknown>;
}

/** Who types into the sign-in page. */
export interface Credentials {
  email: string;
  password: string;
}

/** The PKCE pair that all requests here use unless told otherwise. RFC 7636 section 4. */
export const VERIFIER = randomBytes(32).toString('base64url');
export const CHALLENGE = createHash('sha256').update(VERIFIER).digest('base64url');

/** Encodes parameters as a form or query. */
export function encode(params: Params): URLSearchParams {
  const encoded = new URLSearchParams();
  for (const [name, value] of Object.entries(params))
    for (const one of [value ?? []].flat()) encoded.append(name, one);
  return encoded;
}

/** The Authorization header of client_secret_basic. RFC 6749 section 2.3.1. */
export function basic(client: Pick<TestClient, 'client_id' | 'client_secret'>) {
  const credentials = Buffer.from(`${client.client_id}:${client.client_secret ?? ''}`);
  return { Authorization: `Basic ${credentials.toString('base64')}` };
}

/** Sends one request as a client's backend does: no cookies, redirects not followed. */
export async function send(url: string, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(url, { ...init, redirect: 'manual' });
  const text = await response.text();
  const json = /[/+]json\b/.test(response.headers.get('Content-Type') ?? '');
  const { status, headers } = response;
  return { status, headers, text, body: json && text ? JSON.parse(text) : {} };
}

/** Posts a form to one of the server's endpoints. */
export function post(
  gatehouse: Server,
  path: string,
  params: Params,
  headers: Record<string, string> = {},
): Promise<Answer> {
  return send(`${gatehouse.issuer}${path}`, { method: 'POST', body: encode(params), headers });
}

/** A token request: Basic for clients with a secret, `client_id` in the body for the others. */
export function requestToken(
  gatehouse: Server,
  client: TestClient,
  params: Params,
  headers: Record<string, string> = {},
): Promise<Answer> {
  return client.client_secret
    ? post(gatehouse, '/token', params, { ...basic(client), ...headers })
    : post(gatehouse, '/token', { client_id: client.client_id, ...params }, headers);
}

/** Redeems an authorization code. */
export function redeem(
  gatehouse: Server,
  client: TestClient,
  code: string,
  params: Params = {},
  headers: Record<string, string> = {},
): Promise<Answer> {
  const request: Params = {
    grant_type: 'authorization_code',
    code,
    redirect_uri: client.redirect_uris[0],
    code_verifier: VERIFIER,
    ...params,
  };
  return requestToken(gatehouse, client, request, headers);
}

/** Uses a refresh token. */
export function refresh(
  gatehouse: Server,
  client: TestClient,
  refreshToken: unknown,
  params: Params = {},
): Promise<Answer> {
  const request = { grant_type: 'refresh_token', refresh_token: String(refreshToken), ...params };
  return requestToken(gatehouse, client, request);
}

/** The URL of an authorization request with PKCE. */
export function authorizeUrl(gatehouse: Server, client: TestClient, params: Params = {}): string {
  const request: Params = {
    client_id: client.client_id,
    response_type: 'code',
    redirect_uri: client.redirect_uris[0],
    scope: 'openid',
    code_challenge: CHALLENGE,
    code_challenge_method: 'S256',
    ...params,
  };
  return `${gatehouse.issuer}/authorize?${encode(request)}`;
}

/** Answers every page until the browser is sent back to the client: signs in, allows. */
export async function proceed(
  gatehouse: Server,
  agent: Agent,
  start: Page,
  account: Credentials | undefined = gatehouse.accounts[0],
): Promise<Page> {
  let page = start;
  for (let steps = 0; steps < 4 && page.status === 200; steps += 1) {
    if (hasButton(page, 'Sign in'))
      page = await agent.submit(page, 'Sign in', {
        email: account?.email ?? '',
        password: account?.password ?? '',
      });
    else if (hasButton(page, 'Allow')) page = await agent.submit(page, 'Allow');
    else break;
  }
  return page;
}

/** True when the page shows a button of that text. */
export function hasButton(page: Page, text: string): boolean {
  return page.html
    .querySelectorAll('button')
    .some(({ textContent }) => textContent.trim() === text);
}

/** Sends a person through authorization; answers what the client gets back. */
export async function authorize(
  gatehouse: Server,
  client: TestClient,
  params: Params = {},
  browser: { agent?: Agent; account?: Credentials } = {},
): Promise<URLSearchParams> {
  const agent = browser.agent ?? createAgent(gatehouse.issuer);
  const start = await agent.get(authorizeUrl(gatehouse, client, params));
  const back = await proceed(gatehouse, agent, start, browser.account);
  return callback(back).params;
}

/** Sends a person through authorization and redeems the code. Throws when either is refused. */
export async function signInFor(
  gatehouse: Server,
  client: TestClient,
  params: Params = {},
  browser: { agent?: Agent; account?: Credentials } = {},
): Promise<Record<string, unknown>> {
  const given = await authorize(gatehouse, client, params, browser);
  const answer = await redeem(gatehouse, client, given.get('code') ?? '', {
    ...('redirect_uri' in params ? { redirect_uri: params['redirect_uri'] } : {}),
  });
  if (answer.status !== 200) throw new Error(`${given} then ${answer.status} ${answer.text}`);
  return answer.body;
}

/** The redirect that left the server: its target without the query, and its parameters. */
export function callback(page: Page): { uri: string; params: URLSearchParams } {
  const location = page.headers.get('Location');
  if (!location) throw new Error(`no redirect from ${page.url} (${page.status}):\n${page.text}`);
  const { searchParams } = new URL(location);
  return { uri: location.replace(/\?.*$/s, ''), params: searchParams };
}

/** What an error_description may hold. RFC 6749 appendix A.8. */
const DESCRIPTION = /^[\x20\x21\x23-\x5b\x5d-\x7e]+$/;

/** Asserts an error answer in JSON: its status, code and sentence. RFC 6749 section 5.2. */
export function assertRefused(
  t: ExecutionContext,
  answer: Answer,
  expected: { status?: number; error: string; description: RegExp },
): void {
  t.is(answer.body['error'], expected.error, answer.text);
  t.regex(String(answer.body['error_description']), expected.description);
  t.regex(String(answer.body['error_description']), DESCRIPTION);
  t.is(answer.status, expected.status ?? 400);
  t.is(answer.body['correlation_id'], answer.headers.get('X-Correlation-Id'));
  t.false('access_token' in answer.body);
}

const REFUSAL_URI = /\/refusals\/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Asserts an error redirect to the client. RFC 6749 section 4.1.2.1, RFC 9207. */
export function assertRefusedByRedirect(
  t: ExecutionContext,
  page: Page,
  expected: { issuer: string; uri: string; error: string; description: RegExp; state?: string },
): void {
  const { uri, params } = callback(page);
  t.is(uri, expected.uri);
  t.is(params.get('error'), expected.error, String(params));
  t.regex(params.get('error_description') ?? '', expected.description);
  t.regex(params.get('error_description') ?? '', DESCRIPTION);
  t.is(params.get('iss'), expected.issuer);
  t.is(params.get('state'), expected.state ?? null);
  t.regex(params.get('error_uri') ?? '', REFUSAL_URI);
  const members = ['error', 'error_description', 'error_uri', 'iss', 'state'];
  t.deepEqual(
    [...params.keys()].filter((name) => !members.includes(name)),
    [],
  );
}

/** Registers a client of a test's own; it may be disabled or lose its rights. */
export async function addClient(
  gatehouse: Server,
  request: Pick<ClientRequest, 'kind'> & Partial<ClientRequest>,
): Promise<TestClient> {
  const full: ClientRequest = {
    name: 'A client of a test',
    firstParty: true,
    redirectUris: [],
    postLogoutRedirectUris: [],
    allowedCorsOrigins: [],
    requirePkce: true,
    entitlements: [],
    ...request,
  };
  const { id, secret } = await registerClient(gatehouse.registration, full);
  return {
    client_id: id,
    ...(secret ? { client_secret: secret } : {}),
    redirect_uris: full.redirectUris.map(({ uri }) => uri),
  };
}

/** Creates an account of a test's own, with the first account's password; it may be blocked. */
export async function addAccount(gatehouse: Server) {
  const [first] = gatehouse.accounts;
  const query = await gatehouse.db.query();
  const row = await query('accounts').where({ email: first?.email }).first('password_hash');
  const email = `${randomBytes(6).toString('hex')}@example.com`;
  const { id } = await insertAccount(gatehouse.db, {
    email,
    emailVerified: true,
    givenName: 'Tess',
    familyName: 'Nilsen',
    roles: [],
    passwordHash: row.password_hash,
  });
  return { id, email, password: first?.password ?? '' };
}

/** Makes a browser's session look `seconds` older than it is, so that no test has to wait. */
export async function ageSession(gatehouse: Server, agent: Agent, seconds: number) {
  const cookies = await agent.jar.getCookies(gatehouse.issuer);
  const value = cookies.find(({ key }) => key.endsWith('gatehouse_session'))?.value ?? '';
  const query = await gatehouse.db.query();
  const aged = await query('oidc_payloads')
    .where({ model: 'Session', id: digest(value) })
    .update({
      payload: query.raw(
        "jsonb_set(payload, '{loginTs}', to_jsonb((payload->>'loginTs')::int - ?::int))",
        [seconds],
      ),
    });
  if (aged !== 1) throw new Error(`${aged} sessions aged`);
}

const PATIENCE_MS = 20_000;
const PAUSE_MS = 25;

/** Repeats `attempt` until it answers what `isDone` waits for: news travel between nodes. */
export async function eventually<T>(
  attempt: () => Promise<T>,
  isDone: (result: T) => boolean,
  pauseMs = PAUSE_MS,
): Promise<T> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const result = await attempt();
    if (isDone(result) || Date.now() > deadline) return result;
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}
