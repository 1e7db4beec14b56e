// A mail server that stands in for the one of an installation, in every mood that those have.
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { SMTPServer, type SMTPServerEnvelope, type SMTPServerOptions } from 'smtp-server';
import { freePorts } from '../_process.ts';
import { type ReadMail, readMessage } from './_message.ts';

export type Mood =
  | 'takes'
  /** Accepts the connection and never greets. */
  | 'silent'
  /** Keeps the mail, and the line goes dead before its answer. */
  | 'drops'
  /** Answers 451; like 'refuses' it repeats the address, as such servers do. */
  | 'busy'
  /** Answers 550. */
  | 'refuses';

export interface Delivered extends ReadMail {
  to: string[];
}

export interface StandInMailServer {
  url: string;
  mood: Mood;
  /** Connections since the start. */
  connections: number;
  /** What it kept, the oldest first. */
  kept: Delivered[];
  start(): Promise<void>;
  /** From now on connections are refused. */
  stop(): Promise<void>;
}

const ANSWERS: Partial<Record<Mood, number>> = { busy: 451, refuses: 550 };

/** Starts the server on a port that it keeps over stop and start. */
export async function startMailServer(
  options: SMTPServerOptions & { host?: string } = {},
): Promise<StandInMailServer> {
  const { host = '127.0.0.1', ...more } = options;
  const port = await freePorts(1);
  const sockets = new Set<Socket>();
  let server: SMTPServer | undefined;
  const receive = (
    chunks: Buffer[],
    envelope: SMTPServerEnvelope,
    answer: (refusal?: Error) => void,
  ) => {
    const to = envelope.rcptTo.map(({ address }) => address);
    const responseCode = ANSWERS[standIn.mood];
    if (responseCode)
      return answer(Object.assign(new Error(`no mail for <${to}>`), { responseCode }));
    standIn.kept.push({ to, ...readMessage(Buffer.concat(chunks).toString('latin1')) });
    if (standIn.mood === 'takes') return answer();
    for (const socket of sockets) socket.destroy();
  };
  const standIn: StandInMailServer = {
    ...{ url: `smtp://${host}:${port}`, mood: 'takes', connections: 0, kept: [] },
    async start() {
      server = new SMTPServer({
        ...{
          authOptional: true,
          closeTimeout: 100,
          logger: false,
          disableReverseLookup: true,
          ...more,
        },
        onConnect: (_session, greet) => {
          standIn.connections += 1;
          if (standIn.mood !== 'silent') greet();
        },
        onData: (stream, { envelope }, answer) =>
          void stream.toArray().then((chunks) => receive(chunks, envelope, answer)),
      });
      // What a client does to its connection is a test's own doing.
      server.on('error', () => undefined);
      const listener = server.listen(port, host);
      listener.on('connection', (socket) => {
        sockets.add(socket);
        socket.on('close', () => sockets.delete(socket));
      });
      if (!listener.listening) await once(listener, 'listening');
    },
    stop: () =>
      new Promise((resolve) => {
        if (!server) return resolve();
        server.close(resolve);
        for (const socket of sockets) socket.destroy();
      }),
  };
  await standIn.start();
  return standIn;
}
