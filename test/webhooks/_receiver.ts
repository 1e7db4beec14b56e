// A receiver of webhooks: a real server that keeps what it is sent, and answers as it is told.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Webhook } from 'standardwebhooks';
import { listen } from '../federation/_listener.ts';

export interface Received {
  headers: Record<string, string>;
  body: string;
  /** The body, read. */
  event: { type: string; timestamp: string; data: Record<string, unknown> };
}

export interface Receiver {
  url: string;
  received: Received[];
  /** What it does next; 200 with nothing in it, unless it is set. */
  answer: (response: ServerResponse, received: Received) => void;
  /** The types that it was sent, in this order. */
  types(): string[];
  close(): void;
}

/** Starts a receiver at a path of its own. */
export async function startReceiver(): Promise<Receiver> {
  const received: Received[] = [];
  const take = async (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks).toString();
    const one = {
      headers: request.headers as Record<string, string>,
      body,
      event: JSON.parse(body),
    };
    received.push(one);
    receiver.answer(response, one);
  };
  const listener = await listen((request, response) => void take(request, response));
  const receiver: Receiver = {
    url: `${listener.url}/events`,
    received,
    answer: (response) => void response.end(),
    types: () => received.map(({ event }) => event.type),
    close: listener.close,
  };
  return receiver;
}

/** Answers with a status and a body from now on. */
export function answerWith(status: number, body = '', headers: Record<string, string> = {}) {
  return (response: ServerResponse) => void response.writeHead(status, headers).end(body);
}

/** True when the receiver's own library takes the message under this secret. */
export function verifies(secret: string, { body, headers }: Received): boolean {
  try {
    new Webhook(secret).verify(body, headers);
    return true;
  } catch {
    return false;
  }
}
