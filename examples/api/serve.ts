// Starts the HTTP server of this example on loopback and ends it with its parent.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

export type ServeOptions = {
  name: string;
  handler: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
  port: number;
  /** The environment variable that chose the port, for the sentence about an occupied one. */
  portVariable: string;
  url: string;
};

/**
 * Listens on 127.0.0.1, prints one line and tells a parent with an IPC channel
 * `{ type: 'listening', url }`. Exits 0 on SIGTERM, SIGINT or when that parent is gone, and 1 with
 * one sentence when the port cannot be used.
 */
export function serve({ name, handler, port, portVariable, url }: ServeOptions): void {
  const server = createServer((request, response) => void handler(request, response));

  const stop = (): void => {
    server.close(() => process.exit(0));
    server.closeIdleConnections();
    setTimeout(() => process.exit(0), 500).unref();
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  process.once('disconnect', stop);
  // The parent may have gone while this process was still loading its modules.
  if (process.connected === false) process.exit(0);

  server.once('error', (error: NodeJS.ErrnoException) => {
    const reason =
      error.code === 'EADDRINUSE'
        ? `port ${port} is already in use; stop the program that uses it or set ${portVariable} to another port`
        : error.message;
    process.stderr.write(`${name} cannot listen: ${reason}.\n`);
    process.exit(1);
  });

  server.listen(port, '127.0.0.1', () => {
    process.stdout.write(`${name} listening on ${url}\n`);
    process.send?.({ type: 'listening', url });
  });
}
