// What stands at a stand-in's address: passes everything on to the emulator behind it, marks the pages
// and signs the ID tokens.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import type { StandIn } from './catalogue.ts';
import type { IdTokens } from './id-tokens.ts';
import { markPage } from './mark-page.ts';

export interface FrontDeps {
  standIn: StandIn;
  idTokens: IdTokens;
  /** Where the emulator listens. */
  emulator: string;
}

// No cookies: at one address those of all ports come along, ours too.
const PASSED_ON = ['accept', 'authorization', 'content-type', 'user-agent'];
const PASSED_BACK = ['content-type', 'location', 'cache-control'];

/** Answers the requests to one stand-in. */
export function createFront(deps: FrontDeps) {
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    try {
      const answer = await forward(request, deps);
      response.writeHead(answer.status, answer.headers).end(answer.body);
    } catch (error) {
      response.writeHead(502, { 'Content-Type': 'text/plain' }).end(String(error));
    }
  };
}

interface Answer {
  status: number;
  headers: Record<string, string>;
  body: string | Buffer;
}

async function forward(request: IncomingMessage, deps: FrontDeps): Promise<Answer> {
  const { standIn, idTokens, emulator } = deps;
  const url = new URL(request.url ?? '/', emulator);
  if (url.pathname === standIn.keysPath) return json(idTokens.jwks);
  const answer = await fetch(url, {
    method: request.method ?? 'GET',
    headers: pick(PASSED_ON, (name) => request.headers[name]?.toString()),
    ...(request.method === 'POST' ? { body: new Uint8Array(await buffer(request)) } : {}),
    redirect: 'manual',
  });
  const headers = pick(PASSED_BACK, (name) => answer.headers.get(name));
  const body = await adapt(answer, deps, url.searchParams.get('response_mode') === 'form_post');
  return { status: answer.status, headers, body };
}

async function adapt(answer: Response, deps: FrontDeps, formPost: boolean) {
  const type = answer.headers.get('content-type') ?? '';
  if (type.startsWith('text/html')) return markPage(await answer.text(), deps.standIn, formPost);
  if (!type.startsWith('application/json')) return Buffer.from(await answer.arrayBuffer());
  const document: unknown = await answer.json();
  if (!isTokenAnswer(document)) return JSON.stringify(document);
  const id_token = await deps.idTokens.sign(document.id_token, deps.standIn.people);
  return JSON.stringify({ ...document, id_token });
}

function isTokenAnswer(document: unknown): document is { id_token: string } {
  return (
    typeof document === 'object' &&
    document !== null &&
    'id_token' in document &&
    typeof document.id_token === 'string'
  );
}

function json(document: unknown): Answer {
  const headers = { 'content-type': 'application/json' };
  return { status: 200, headers, body: JSON.stringify(document) };
}

function pick(names: string[], read: (name: string) => string | null | undefined) {
  const found = names.map((name) => [name, read(name)] as const);
  return Object.fromEntries(found.flatMap(([name, value]) => (value ? [[name, value]] : [])));
}
