// Requests that are complete at the same moment: each is written up to its last byte over a connection
// of its own, and when all of them lie with the server, the last bytes are written in one turn.
import { connect, type Socket } from 'node:net';
import { createResponseReader, type RaceAnswer } from './_response-reader.ts';

export interface RaceRequest {
  path: string;
  headers?: Record<string, string>;
  /** Makes it a POST of a form. */
  body?: URLSearchParams;
}

export interface StartingLine {
  /**
   * Sends one request over each of the connections, and answers in the same order. `order` says
   * whose last byte is written first.
   */
  race(requests: RaceRequest[], order?: number[]): Promise<RaceAnswer[]>;
  close(): void;
}

const PATIENCE_MS = 30_000;
/** Node keeps an idle connection for five seconds; a request must not cross its end. */
const MAX_IDLE_MS = 4000;

/** Opens `lanes` connections in all, to the ports in turn; `host` is the Host header. */
export function openStartingLine(options: {
  ports: number[];
  lanes: number;
  host: string;
}): StartingLine {
  const { ports, lanes, host } = options;
  const open: (Lane | undefined)[] = Array.from({ length: lanes });

  const laneAt = async (index: number) => {
    const kept = open[index];
    if (kept?.isUsable()) return kept;
    kept?.close();
    const opened = await openLane(ports[index % ports.length] ?? 0);
    open[index] = opened;
    return opened;
  };

  return {
    async race(requests, order = requests.map((_, index) => index)) {
      if (requests.length > lanes) throw new Error(`${requests.length} requests on ${lanes} lanes`);
      const running = await Promise.all(requests.map((_, index) => laneAt(index)));
      const bytes = requests.map((request) => encode(request, host));
      await Promise.all(running.map((lane, index) => lane.write(bytes[index]?.subarray(0, -1))));
      const answers = running.map((lane) => lane.answer());
      // Where this fails, the answer fails.
      for (const index of order)
        running[index]?.write(bytes[index]?.subarray(-1)).catch(() => undefined);
      return Promise.all(answers);
    },
    close() {
      for (const lane of open) lane?.close();
    },
  };
}

interface Lane {
  /** False when it is closed, or might be by the time that a request arrives. */
  isUsable(): boolean;
  /** Resolves when the kernel has the bytes: on loopback, when they lie with the server. */
  write(bytes: Buffer | undefined): Promise<void>;
  answer(): Promise<RaceAnswer>;
  close(): void;
}

async function openLane(port: number): Promise<Lane> {
  const socket = await connected(port);
  let reader = createResponseReader();
  let lastUsed = Date.now();
  let settle: { resolve(answer: RaceAnswer): void; reject(error: Error): void } | undefined;
  const fail = (error: Error) => {
    settle?.reject(error);
    settle = undefined;
    socket.destroy();
  };
  socket.on('error', fail);
  socket.on('close', () => fail(new Error('the server closed the connection')));
  socket.on('timeout', () => fail(new Error(`no answer within ${PATIENCE_MS / 1000} s`)));
  socket.on('data', (chunk) => {
    try {
      const answer = reader(chunk);
      if (!answer) return;
      settle?.resolve(answer);
      settle = undefined;
      lastUsed = Date.now();
      socket.setTimeout(0);
    } catch (error) {
      fail(error instanceof Error ? error : new Error(String(error)));
    }
  });
  return {
    isUsable: () => socket.writable && Date.now() - lastUsed < MAX_IDLE_MS,
    write: (bytes = Buffer.alloc(0)) =>
      new Promise((resolve, reject) => {
        socket.write(bytes, (error) => (error ? reject(error) : resolve()));
      }),
    answer() {
      if (socket.destroyed) return Promise.reject(new Error('the server closed the connection'));
      reader = createResponseReader();
      socket.setTimeout(PATIENCE_MS);
      return new Promise((resolve, reject) => {
        settle = { resolve, reject };
      });
    },
    close: () => socket.destroy(),
  };
}

function connected(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    socket.once('error', reject);
    socket.once('connect', () => resolve(socket.off('error', reject)));
  });
}

function encode({ path, headers = {}, body }: RaceRequest, host: string): Buffer {
  const form = body?.toString() ?? '';
  const all: Record<string, string> = {
    Host: host,
    ...(body
      ? {
          'Content-Type': 'application/x-www-form-urlencoded',
          'Content-Length': String(Buffer.byteLength(form)),
        }
      : {}),
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`${body ? 'POST' : 'GET'} ${path} HTTP/1.1\r\n${lines.join('')}\r\n${form}`);
}
