// Requests that no well-behaved client sends: bytes on a socket, and every header as it is given.
import { type IncomingHttpHeaders, request } from 'node:http';
import { connect } from 'node:net';

export interface RawAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  /** Everything that came back, headers included. */
  text: string;
}

/** Writes `bytes` to the port and reads until the server closes or answers completely (HTTP/1.1). */
export function sendBytes(port: number, bytes: string | Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let received = '';
    socket.setTimeout(10_000, () => socket.destroy(new Error(`no end after:\n${received}`)));
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1');
    });
    socket.on('error', (error) => (received ? resolve(received) : reject(error)));
    socket.on('close', () => resolve(received));
    // Not ended: a half-closed connection looks like a client that went away.
    socket.write(bytes);
  });
}

/** One request given as lines; the connection is closed after the answer. */
export async function sendLines(port: number, lines: string[], body = ''): Promise<RawAnswer> {
  const text = await sendBytes(port, [...lines, 'Connection: close', '', body].join('\r\n'));
  const [head = ''] = text.split('\r\n\r\n', 1);
  const [statusLine = '', ...rest] = head.split('\r\n');
  const headers: IncomingHttpHeaders = {};
  for (const line of rest) {
    const at = line.indexOf(':');
    headers[line.slice(0, at).toLowerCase()] = line.slice(at + 1).trim();
  }
  return { status: Number(statusLine.split(' ')[1]), headers, text };
}

/** One request with exactly these headers and this path; `fetch` would refuse or rewrite them. */
export function sendPlain(
  port: number,
  options: {
    method?: string;
    path: string;
    headers?: Record<string, string | string[]>;
    body?: string;
  },
): Promise<RawAnswer & { body: string }> {
  return new Promise((resolve, reject) => {
    const { method = 'GET', path, headers = {}, body } = options;
    const outgoing = request({ host: '127.0.0.1', port, method, path, headers, agent: false });
    outgoing.on('error', reject);
    outgoing.on('response', (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('error', reject);
      incoming.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        const { statusCode = 0 } = incoming;
        resolve({ status: statusCode, headers: incoming.headers, text, body: text });
      });
    });
    outgoing.end(body);
  });
}
