// Authorization requests and token requests with every parameter in the attacker's hand.
import { createHash, randomBytes } from 'node:crypto';
import { type Agent, callbackParams, createAgent, type Page } from '../_agent.ts';
import type { Gatehouse } from '../_gatehouse.ts';

/** Parameters; undefined leaves one out, an array sends it several times. */
export type Params = Record<string, string | string[] | undefined>;

export type Target = Pick<Gatehouse, 'issuer' | 'client' | 'accounts'>;

export interface Flow {
  url: string;
  verifier: string;
  state: string;
  redirectUri: string;
}

/** A body or query of the parameters. */
export function encode(params: Params): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(params)) {
    for (const one of [value ?? []].flat()) search.append(name, one);
  }
  return search.toString();
}

/** An authorization request of a seeded client, correct but for `overrides`. */
export function authorization(target: Target, kind: string, overrides: Params = {}): Flow {
  const client = target.client(kind);
  const verifier = randomBytes(32).toString('base64url');
  const state = randomBytes(12).toString('base64url');
  const redirectUri = client.redirect_uris[0] ?? '';
  const params = {
    client_id: client.client_id,
    response_type: 'code',
    redirect_uri: redirectUri,
    scope: 'openid profile email',
    state,
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    ...overrides,
  };
  return { url: `${target.issuer}/authorize?${encode(params)}`, verifier, state, redirectUri };
}

/** Fills in the sign-in page as one of the seeded people (0 admin, 1 dev, 2 sam). */
export function enterPassword(target: Target, agent: Agent, page: Page, person = 0): Promise<Page> {
  const { email = '', password = '' } = target.accounts[person] ?? {};
  return agent.submit(page, 'Sign in', { email, password });
}

/** Runs an authorization request to its code: signs in and consents where a page asks for it. */
export async function obtainCode(
  target: Target,
  kind: string,
  options: { overrides?: Params; person?: number; agent?: Agent } = {},
): Promise<Flow & { code: string; agent: Agent }> {
  const flow = authorization(target, kind, options.overrides);
  const agent = options.agent ?? createAgent(target.issuer);
  let page = await agent.get(flow.url);
  if (page.url.includes('/interaction/') && page.text.includes('name="password"'))
    page = await enterPassword(target, agent, page, options.person);
  if (page.url.includes('/interaction/') && page.text.includes('value="allow"'))
    page = await agent.submit(page, 'Allow');
  const code = callbackParams(page).get('code');
  if (!code) throw new Error(`no code: ${page.headers.get('Location')}`);
  return { ...flow, code, agent };
}

export interface JsonAnswer {
  status: number;
  headers: Headers;
  text: string;
  json: Record<string, unknown>;
}

/** Posts a form to an endpoint; `as` authenticates with the seeded client's secret by Basic. */
export async function post(
  target: Target,
  path: string,
  params: Params | string,
  options: { as?: string; headers?: Record<string, string> } = {},
): Promise<JsonAnswer> {
  const headers = new Headers({
    'Content-Type': 'application/x-www-form-urlencoded',
    Accept: 'application/json',
    ...options.headers,
  });
  if (options.as) headers.set('Authorization', basic(target, options.as));
  const body = typeof params === 'string' ? params : encode(params);
  const response = await fetch(target.issuer + path, { method: 'POST', headers, body });
  const text = await response.text();
  let json: Record<string, unknown> = {};
  try {
    json = JSON.parse(text);
  } catch {
    // Not every answer is JSON, and some of the tests are about that.
  }
  return { status: response.status, headers: response.headers, text, json };
}

/** The Authorization header of a seeded client. */
export function basic(target: Target, kind: string): string {
  const { client_id, client_secret } = target.client(kind);
  return `Basic ${Buffer.from(`${client_id}:${client_secret}`).toString('base64')}`;
}

/** Exchanges a code as the seeded client would, but for `overrides`. */
export function exchange(
  target: Target,
  kind: string,
  flow: Flow & { code: string },
  overrides: Params = {},
): Promise<JsonAnswer> {
  const isConfidential = target.client(kind).client_secret !== undefined;
  const params = {
    grant_type: 'authorization_code',
    code: flow.code,
    redirect_uri: flow.redirectUri,
    code_verifier: flow.verifier,
    ...(isConfidential ? {} : { client_id: target.client(kind).client_id }),
    ...overrides,
  };
  return post(target, '/token', params, isConfidential ? { as: kind } : {});
}
