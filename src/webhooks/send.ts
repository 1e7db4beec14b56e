// One attempt: a request, and what its answer means.
import type { OutgoingFetch } from '../http/outgoing/outgoing-fetch.ts';
import { OutgoingTrouble } from '../http/outgoing/outgoing-trouble.ts';
import type { Attempt } from '../storage/webhook-deliveries.ts';
import type { Message } from './message.ts';

/** 2xx; another answer or none, to be tried again; 410: never again. */
export type Result = 'delivered' | 'failed' | 'gone';

export interface Sent {
  result: Result;
  attempt: Attempt;
  /** The whole answer. */
  body: string;
}

const GONE = 410;
const KEPT_CHARACTERS = 1000;

/** Posts a message. Never throws for what the receiver does. */
export async function sendMessage(
  fetch: OutgoingFetch,
  url: string,
  message: Message,
): Promise<Sent> {
  const startedAt = new Date();
  const start = performance.now();
  const note = (status: number | null, outcome: string, body: string): Attempt => ({
    attempted_at: startedAt,
    duration_ms: Math.round(performance.now() - start),
    status,
    outcome,
    // PostgreSQL stores no NUL, and half a character at the cut is none.
    response: body.slice(0, KEPT_CHARACTERS).replaceAll('\0', '').toWellFormed(),
  });
  try {
    const answer = await fetch(url, { method: 'POST', ...message });
    const body = await answer.text();
    const result = answer.ok ? 'delivered' : answer.status === GONE ? 'gone' : 'failed';
    return { result, attempt: note(answer.status, `answered ${answer.status}`, body), body };
  } catch (error) {
    if (!(error instanceof OutgoingTrouble)) throw error;
    return { result: 'failed', attempt: note(null, error.message, ''), body: '' };
  }
}
