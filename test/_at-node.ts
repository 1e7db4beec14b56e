// Requests to one node, past the balancer, each on a connection of its own.
import { request } from 'node:http';
import type { ExecutionContext } from 'ava';
import type { Server } from './_installation.ts';
import { basic, encode, type Params, type TestClient, VERIFIER } from './_protocol.ts';

export interface NodeAnswer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
  /** The JSON body; empty when the answer is none. */
  body: Record<string, unknown>;
  /** From the first byte of the request to the last of the answer. */
  milliseconds: number;
}

/** The server's promise is two seconds; a busy machine may take longer to keep it. */
export const LIMIT_MS = 3500;
const NO_ANSWER_MS = 15_000;

/** Sends one request to the node at `port`. Rejects when the connection breaks or nothing comes. */
export function sendTo(
  server: Pick<Server, 'issuer'>,
  port: number,
  path: string,
  options: { params?: Params; headers?: Record<string, string> } = {},
): Promise<NodeAnswer> {
  const { params, headers } = options;
  const body = params && encode(params).toString();
  const started = performance.now();
  return new Promise((resolve, reject) => {
    const outgoing = request({
      host: '127.0.0.1',
      port,
      path,
      method: body === undefined ? 'GET' : 'POST',
      agent: false,
      timeout: NO_ANSWER_MS,
      headers: {
        Host: new URL(server.issuer).host,
        ...(body === undefined ? {} : { 'Content-Type': 'application/x-www-form-urlencoded' }),
        ...headers,
      },
    });
    outgoing.on('timeout', () => outgoing.destroy(new Error(`no answer to ${path}`)));
    outgoing.on('error', reject);
    outgoing.on('response', (incoming) => {
      let text = '';
      incoming.setEncoding('utf8');
      incoming.on('error', reject);
      incoming.on('data', (chunk: string) => {
        text += chunk;
      });
      incoming.on('end', () => {
        const json = /[/+]json\b/.test(incoming.headers['content-type'] ?? '');
        resolve({
          status: incoming.statusCode ?? 0,
          headers: incoming.headers,
          text,
          body: json && text ? JSON.parse(text) : {},
          milliseconds: performance.now() - started,
        });
      });
    });
    outgoing.end(body);
  });
}

/** The form and headers of a token request of this client. */
export function tokenRequest(client: TestClient, params: Params) {
  return client.client_secret
    ? { params, headers: basic(client) }
    : { params: { client_id: client.client_id, ...params }, headers: {} };
}

/** The parameters that redeem a code. */
export function codeParams(client: TestClient, code: string): Params {
  return {
    grant_type: 'authorization_code',
    code,
    redirect_uri: client.redirect_uris[0],
    code_verifier: VERIFIER,
  };
}

/** The parameters that use a refresh token. */
export function refreshParams(refreshToken: unknown): Params {
  return { grant_type: 'refresh_token', refresh_token: String(refreshToken) };
}

/** Asserts the answer of a request that could not be carried out now: 503, when to try again, soon. */
export function assertUnavailable(t: ExecutionContext, answer: NodeAnswer, what: string): void {
  t.is(answer.status, 503, `${what}: ${answer.text}`);
  t.regex(String(answer.headers['retry-after']), /^\d+$/, what);
  t.true(answer.milliseconds < LIMIT_MS, `${what} took ${Math.round(answer.milliseconds)} ms`);
}
