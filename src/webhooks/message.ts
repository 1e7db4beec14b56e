// What a receiver gets: the body and the signed headers of Standard Webhooks.
import { Webhook } from 'standardwebhooks';

export interface Message {
  body: string;
  headers: Record<string, string>;
}

/**
 * The message of an event, signed now with each secret. Its id is that of the event, the same at each
 * attempt and replay: by it a receiver knows what it has seen. The time in the headers is that of the
 * attempt, the one in the body that of the event.
 */
export function composeMessage(
  event: { id: string; type: string; data: Record<string, unknown>; createdAt: Date },
  secrets: string[],
  now: Date,
): Message {
  const { id, type, data } = event;
  const body = JSON.stringify({ type, timestamp: event.createdAt.toISOString(), data });
  return {
    body,
    headers: {
      'Content-Type': 'application/json',
      'User-Agent': 'Gatehouse',
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
      'webhook-signature': secrets
        .map((secret) => new Webhook(secret).sign(id, now, body))
        .join(' '),
    },
  };
}
