// Servers that listen, and stop without dropping a request.
import { createServer, type Server } from 'node:http';
import { UsageError } from '../errors.ts';

export interface Address {
  host: string;
  port: number;
}

const DRAIN_MS = 25_000;

/** Listens there. Throws a UsageError in plain words when another program does. */
export function bind(server: Server, address: Address): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(error.code === 'EADDRINUSE' ? new UsageError(occupied(address)) : error);
    });
    server.listen(address.port, address.host, resolve);
  });
}

/** Throws a UsageError when another program listens there. */
export async function expectFreePort(address: Address): Promise<void> {
  const probe = createServer();
  await bind(probe, address);
  await close(probe);
}

/** Takes no new requests, and resolves when those under way are answered (25 s at most). */
export function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const force = setTimeout(() => server.closeAllConnections(), DRAIN_MS);
    server.close(() => {
      clearTimeout(force);
      resolve();
    });
    server.closeIdleConnections();
  });
}

function occupied({ host, port }: Address): string {
  return `Port ${port} on ${host} is in use: stop the program that holds it, or set GATEHOUSE_PORT to another port.`;
}
