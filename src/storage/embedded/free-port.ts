// A TCP port on 127.0.0.1 that nobody listens on at this moment.
import { createServer } from 'node:net';

async function tryPort(port: number): Promise<number | undefined> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(undefined));
    server.listen({ port, host: '127.0.0.1' }, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' ? address?.port : undefined));
    });
  });
}

/** The preferred port if it is free, else any; another program may still take it before we do. */
export async function findFreePort(preferred = 0): Promise<number> {
  const port = (await tryPort(preferred)) ?? (await tryPort(0));
  if (port === undefined) throw new Error('No TCP port on 127.0.0.1 is free.');
  return port;
}
