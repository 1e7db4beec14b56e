// A local server that counts the connections that reach it.
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Listener {
  url: string;
  port: number;
  connections(): number;
  close(): void;
}

/** Listens on every address of this machine, or on the one that is given. */
export async function listen(answer: RequestListener, host?: string): Promise<Listener> {
  let connections = 0;
  const server = createServer(answer);
  server.on('connection', () => {
    connections += 1;
  });
  await new Promise<void>((resolve) => server.listen({ port: 0, host }, resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    connections: () => connections,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
