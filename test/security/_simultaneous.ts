// Requests that arrive together: connections are opened first, then all are written in one turn.
import { Agent, request } from 'node:http';

export interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
}

/** Sends the same request `count` times at once. `body` makes it a POST of a form. */
export async function sendTogether(
  port: number,
  count: number,
  options: { path: string; headers?: Record<string, string>; body?: string },
): Promise<Answer[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: count });
  const many = (work: () => Promise<Answer>) => Promise.all(Array.from({ length: count }, work));
  try {
    // An answered request leaves its connection open for the one that counts.
    await many(() => send(agent, port, { path: '/livez' }));
    return await many(() => send(agent, port, options));
  } finally {
    agent.destroy();
  }
}

function send(
  agent: Agent,
  port: number,
  options: { path: string; headers?: Record<string, string>; body?: string },
): Promise<Answer> {
  const { path, body } = options;
  const form = { 'Content-Type': 'application/x-www-form-urlencoded' };
  const headers = { ...(body === undefined ? {} : form), ...options.headers };
  return new Promise((resolve, reject) => {
    const method = body === undefined ? 'GET' : 'POST';
    const outgoing = request({ host: '127.0.0.1', port, path, method, agent, headers });
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
    outgoing.end(body);
  });
}

/** Counts answers by status and, for JSON, by error. */
export function tally(answers: Answer[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { status, text } of answers) {
    const error = /"error":"(\w+)"/.exec(text)?.[1];
    const key = error ? `${status} ${error}` : String(status);
    counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts;
}
