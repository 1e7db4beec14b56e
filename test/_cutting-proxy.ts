// A TCP proxy between a server and its database. It knows just the framing of PostgreSQL's protocol
// (a type byte and an int32 length; the start-up packet has no type): it counts messages, and it
// cuts, mutes, holds or refuses connections. What a server asks by itself, by the clock, is no part
// of a request and is not counted: its jobs, and the news from other nodes.
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A message that passed: to (`>`) or from (`<`) the database and its type, such as `>P` or `<Z`. */
export type Message = `${'>' | '<'}${string}`;

export interface Plan {
  /** The number of the message that passes last, counted from 1 in both directions together. */
  after: number;
  /** `cut`: its connection ends on both sides; `mute`: the database's answers get lost from there. */
  action: 'cut' | 'mute';
}

export interface CuttingProxy {
  /** The URL of the same database through this proxy. Encryption would hide the messages: it is off. */
  through(databaseUrl: string): string;
  /** Counts from now on and carries out the plan once; without a plan it only counts. */
  arm(plan?: Plan): void;
  /** Forgets a plan that was not carried out. Returns what passed since `arm`. */
  disarm(): Message[];
  /** Nothing passes any more, and nothing is lost: the network hangs. */
  hold(): void;
  /** Everything held passes, also of those who gave up meanwhile. */
  release(): void;
  /** Breaks every connection and refuses new ones. */
  refuse(): Promise<void>;
  accept(): Promise<void>;
  close(): Promise<void>;
}

interface Frame {
  type: string;
  bytes: Buffer;
}

interface Connection {
  sockets: [Socket, Socket];
  muted: boolean;
  /** `always`: of the job runner or of LISTEN; `answer`: until the answer to the news is whole. */
  aside: 'always' | 'answer' | undefined;
  pump(): void;
}

/** Starts a proxy on a free port; where it leads is said by the first call of `through`. */
export async function startCuttingProxy(): Promise<CuttingProxy> {
  const connections = new Set<Connection>();
  let target = { host: '', port: 0 };
  let passed: Message[] = [];
  let plan: Plan | undefined;
  let held = false;

  const notePassed = (message: Message): Plan['action'] | undefined => {
    passed.push(message);
    if (passed.length !== plan?.after) return undefined;
    const { action } = plan;
    plan = undefined;
    return action;
  };

  const server = createServer((incoming) => {
    const outgoing = connect(target);
    const connection: Connection = {
      sockets: [incoming, outgoing],
      muted: false,
      aside: undefined,
      pump() {
        toDatabase();
        fromDatabase();
      },
    };
    connections.add(connection);
    const relay = { connection, isHeld: () => held, notePassed };
    const toDatabase = forward({ ...relay, from: incoming, to: outgoing, direction: '>' });
    const fromDatabase = forward({ ...relay, from: outgoing, to: incoming, direction: '<' });
    outgoing.on('close', () => connections.delete(connection));
  });
  const listen = async (port: number) => {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port; // a TCP server's address is never a path
  };
  const port = await listen(0);

  const refuse = async () => {
    const closed = server.listening ? once(server, 'close') : undefined;
    server.close();
    for (const { sockets } of connections) for (const socket of sockets) socket.destroy();
    await closed;
  };

  return {
    through(databaseUrl) {
      const url = new URL(databaseUrl);
      target = { host: url.hostname, port: Number(url.port || 5432) };
      url.host = `127.0.0.1:${port}`;
      url.searchParams.set('sslmode', 'disable');
      return url.href;
    },
    arm(next) {
      passed = [];
      plan = next;
    },
    disarm() {
      plan = undefined;
      return [...passed];
    },
    hold() {
      held = true;
    },
    release() {
      held = false;
      for (const { pump } of [...connections]) pump();
    },
    refuse,
    accept: async () => void (await listen(port)),
    close: refuse,
  };
}

/** Forwards one direction of a connection; the function returned goes on after a hold. */
function forward(options: {
  connection: Connection;
  from: Socket;
  to: Socket;
  direction: '>' | '<';
  isHeld: () => boolean;
  notePassed: (message: Message) => Plan['action'] | undefined;
}): () => void {
  const { connection, from, to, direction, isHeld, notePassed } = options;
  const split = createFraming(direction === '>');
  const waiting: Frame[] = [];
  let ended = false;

  const pass = ({ type, bytes }: Frame) => {
    if (to.writableEnded || (connection.muted && direction === '<')) return;
    to.write(bytes);
    if (isAside(connection, direction, { type, bytes })) return;
    const action = notePassed(`${direction}${type}`);
    if (action === 'mute') connection.muted = true;
    if (action !== 'cut') return;
    // The message itself still arrives; what its receiver answers does not.
    to.end();
    from.destroy();
  };
  const pump = () => {
    if (isHeld()) return;
    for (const frame of waiting.splice(0)) pass(frame);
    if (ended && !to.writableEnded) to.end();
  };
  from.setNoDelay(true);
  from.on('data', (chunk: Buffer) => {
    waiting.push(...split(chunk));
    pump();
  });
  from.on('error', () => undefined);
  from.on('close', () => {
    ended = true;
    pump();
  });
  return pump;
}

function isAside(connection: Connection, direction: '>' | '<', { type, bytes }: Frame): boolean {
  if (direction === '>' && connection.aside === undefined) connection.aside = asideOf(bytes);
  const { aside } = connection;
  // Ready for the next query.
  if (aside === 'answer' && direction === '<' && type === 'Z') connection.aside = undefined;
  return aside !== undefined;
}

function asideOf(bytes: Buffer): Connection['aside'] {
  // The job runner's own tables.
  if (bytes.includes('._private_') || bytes.includes('LISTEN')) return 'always';
  return bytes.includes('FROM generations') ? 'answer' : undefined;
}

/** Splits a stream into whole messages. */
function createFraming(startsUp: boolean): (chunk: Buffer) => Frame[] {
  let rest: Buffer = Buffer.alloc(0);
  let header = startsUp ? 0 : 1;
  const next = (): Frame | undefined => {
    if (rest.length < header + 4) return undefined;
    const size = header + rest.readInt32BE(header);
    if (rest.length < size) return undefined;
    const bytes = rest.subarray(0, size);
    const type = header === 0 ? 'start-up' : bytes.toString('latin1', 0, 1);
    rest = rest.subarray(size);
    header = 1;
    return { type, bytes };
  };
  return (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    const frames: Frame[] = [];
    for (let frame = next(); frame; frame = next()) frames.push(frame);
    return frames;
  };
}
