// What the tests of signing keys share: one very node asked for a token or its keys, and rows made older.
import { request } from 'node:http';
import { createLocalJWKSet, decodeProtectedHeader, type JSONWebKeySet, jwtVerify } from 'jose';
import type { Server } from '../_installation.ts';
import { basic, encode, type TestClient } from '../_protocol.ts';

export interface NodeAnswer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
}

/**
 * Asks the node at this port, as the issuer. A `form` makes it a POST, whose last byte leaves only
 * when `hold` resolves.
 */
export function ask(
  { issuer }: Pick<Server, 'issuer'>,
  port: number,
  path: string,
  form?: { headers: Record<string, string>; body: URLSearchParams; hold?: Promise<unknown> },
): Promise<NodeAnswer> {
  const body = form?.body.toString() ?? '';
  const type = { 'Content-Type': 'application/x-www-form-urlencoded' };
  const formHeaders = form && { ...type, 'Content-Length': body.length, ...form.headers };
  const headers = { Host: new URL(issuer).host, ...formHeaders };
  return new Promise((resolve, reject) => {
    const method = form ? 'POST' : 'GET';
    const outgoing = request({ host: '127.0.0.1', port, path, method, headers });
    outgoing.on('error', reject);
    outgoing.on('response', (incoming) => {
      let text = '';
      incoming.setEncoding('utf8');
      incoming.on('data', (chunk: string) => {
        text += chunk;
      });
      incoming.on('end', () =>
        resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, text }),
      );
    });
    if (body) outgoing.write(body.slice(0, -1));
    void Promise.resolve(form?.hold).then(() => outgoing.end(body.slice(-1)));
  });
}

/** A machine's token request to one node. */
export function askForToken(
  server: Pick<Server, 'issuer'>,
  port: number,
  client: TestClient,
  {
    resource = 'https://api.example.com/orders',
    hold = Promise.resolve(),
  }: {
    resource?: string;
    hold?: Promise<unknown>;
  } = {},
): Promise<NodeAnswer> {
  const body = encode({ grant_type: 'client_credentials', resource });
  return ask(server, port, '/token', { headers: basic(client), body, hold });
}

/** The access token of an answer. Throws when there is none. */
export function tokenOf(answer: NodeAnswer): string {
  if (answer.status !== 200) throw new Error(`${answer.status} ${answer.text}`);
  return JSON.parse(answer.text).access_token;
}

export const kidOf = (token: string): string => String(decodeProtectedHeader(token).kid);

/** What one node publishes. */
export async function publishedBy(
  server: Pick<Server, 'issuer'>,
  port: number,
): Promise<JSONWebKeySet> {
  return JSON.parse((await ask(server, port, '/jwks')).text);
}

/** Verifies a token against what each node publishes at this moment. Throws where it does not. */
export async function verifyEverywhere(
  server: Pick<Server, 'issuer'>,
  ports: number[],
  token: string,
): Promise<void> {
  const sets = await Promise.all(ports.map((port) => publishedBy(server, port)));
  for (const set of sets) await jwtVerify(token, createLocalJWKSet(set));
}

/** A key as `keys list --json` shows it. */
export type ListedKey = Record<string, string | null>;

/** Moves a time of the keys of a state into the past; what no node was told. */
export async function age(
  { db }: Pick<Server, 'db'>,
  key: { state: string; column: string; by: string },
): Promise<void> {
  await db
    .knex('signing_keys')
    .where({ state: key.state })
    .update({ [key.column]: db.knex.raw('now() - ?::interval', [key.by]) });
}
