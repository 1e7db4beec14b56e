// A TCP proxy between one process and PostgreSQL that reads what passes: each Sync or simple Query is
// a round trip, and what writes outside of a transaction, or ends one, is a commit.
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';

/** One round trip. */
export interface Statement {
  text: string;
  commits: boolean;
  /** It was a transaction of its own, or the last statement of one. */
  endsTransaction: boolean;
}

export interface CountingProxy {
  /** The URL of the same database through this proxy; encryption, which would hide all, is off. */
  through(databaseUrl: string): string;
  /** What has passed since the last call. */
  take(): Statement[];
  /** All that ended since the start. */
  transactions(): number;
  close(): void;
}

/** Starts it on a free port; where it leads is said by `through`. */
export async function startCountingProxy(): Promise<CountingProxy> {
  let target = { host: '', port: 0 };
  const passed: Statement[] = [];
  let transactions = 0;
  const server = createServer((incoming) => {
    const outgoing = connect(target);
    const read = readStatements((statement) => {
      passed.push(statement);
      if (statement.endsTransaction) transactions += 1;
    });
    incoming.on('data', read);
    incoming.setNoDelay(true).pipe(outgoing).setNoDelay(true).pipe(incoming);
    for (const [socket, other] of [
      [incoming, outgoing],
      [outgoing, incoming],
    ] as const) {
      socket.on('error', () => undefined);
      socket.on('close', () => other.destroy());
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // a TCP server's address is never a path
  return {
    through(databaseUrl) {
      const url = new URL(databaseUrl);
      target = { host: url.hostname, port: Number(url.port || 5432) };
      url.host = `127.0.0.1:${port}`;
      url.searchParams.set('sslmode', 'disable');
      return url.href;
    },
    take: () => passed.splice(0),
    transactions: () => transactions,
    close: () => server.close(),
  };
}

const BEGINS = /^\s*(begin|start transaction)\b/i;
const ENDS = /^\s*(commit|rollback|end|abort)\b(?!\s+to)/i;
const WRITES = /commit_artefacts|\b(insert\s+into|update\s+"?\w|delete\s+from|nextval)\b/i;

/** Tells each statement of one connection when it is complete, from the chunks sent to PostgreSQL. */
function readStatements(tell: (statement: Statement) => void): (chunk: Buffer) => void {
  const prepared = new Map<string, string>();
  let text = '';
  let open = false;
  const complete = () => {
    const ends = ENDS.test(text);
    const commits = open ? /^\s*(commit|end)\b/i.test(text) : WRITES.test(text);
    open = BEGINS.test(text) || (open && !ends);
    tell({ text, commits, endsTransaction: !open });
    text = '';
  };
  const read: Record<string, (body: Buffer) => void> = {
    // Parse: the name of the statement, its text.
    P(body) {
      const [name = '', query = ''] = body.toString('utf8').split('\0', 2);
      prepared.set(name, query);
      text = query;
    },
    // Bind: the portal, the name of a statement that may have been parsed long before.
    B(body) {
      const [, name = ''] = body.toString('latin1').split('\0', 2);
      text = prepared.get(name) ?? '';
    },
    Q(body) {
      text = body.toString('utf8', 0, body.length - 1);
      complete();
    },
    S: complete,
  };
  const nextFrame = createFraming();
  return (chunk) => {
    for (const { type, body } of nextFrame(chunk)) read[type]?.(body);
  };
}

/** Splits the stream to PostgreSQL into messages; the start-up packet has no type byte. */
function createFraming(): (chunk: Buffer) => { type: string; body: Buffer }[] {
  let rest: Buffer = Buffer.alloc(0);
  let header = 0;
  return (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    const frames: { type: string; body: Buffer }[] = [];
    while (rest.length >= header + 4) {
      const size = header + rest.readInt32BE(header);
      if (rest.length < size) break;
      const type = header === 0 ? 'start-up' : rest.toString('latin1', 0, 1);
      frames.push({ type, body: rest.subarray(header + 4, size) });
      rest = rest.subarray(size);
      header = 1;
    }
    return frames;
  };
}
