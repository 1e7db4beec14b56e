// A stand-in for the services that speak siteverify. It answers what the token itself says, as often
// as it is asked: that a token counts once is ours to see to.
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

interface Said {
  status?: number;
  /** Sent as it is. */
  body?: string;
  hangs?: boolean;
}

export interface Siteverify {
  url: string;
  /** The forms that it was sent, the newest last. */
  asked: Record<string, string>[];
  stop(): void;
}

/** A token that makes the stand-in answer this. */
export function tokenThatSays(said: Said): string {
  return Buffer.from(JSON.stringify({ ...said, nonce: randomUUID() })).toString('base64url');
}

/** A token for which the stand-in says these members in JSON. */
export function tokenFor(members: Record<string, unknown>): string {
  return tokenThatSays({ body: JSON.stringify(members) });
}

// What is no token of ours is answered as the services do.
function readToken(token: string): Said {
  try {
    return { ...JSON.parse(Buffer.from(token, 'base64url').toString()) };
  } catch {
    const said = { success: false, 'error-codes': ['invalid-input-response'] };
    return { body: JSON.stringify(said) };
  }
}

/** Starts the stand-in. */
export async function startSiteverify(): Promise<Siteverify> {
  const asked: Record<string, string>[] = [];
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const form = Object.fromEntries(new URLSearchParams(await text(request)));
    asked.push(form);
    const said = readToken(form['response'] ?? '');
    if (said.hangs) return;
    response.writeHead(said.status ?? 200, { 'Content-Type': 'application/json' });
    response.end(said.body);
  };
  const server = createServer((request, response) => void answer(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  // A server that listens on TCP has an address with a port.
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/siteverify`,
    asked,
    stop() {
      server.closeAllConnections();
      server.close();
    },
  };
}
