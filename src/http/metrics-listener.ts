// /metrics on a port of its own: what it tells is for operators, not for whoever reaches the issuer.
import { createServer, type Server } from 'node:http';

/** A server that answers GET /metrics with what `read` gives; it does not listen yet. */
export function createMetricsServer(read: () => Promise<{ type: string; text: string }>): Server {
  return createServer((req, res) => {
    if (req.url !== '/metrics' || req.method !== 'GET') {
      res.writeHead(404).end();
      return;
    }
    read().then(
      ({ type, text }) => res.writeHead(200, { 'Content-Type': type }).end(text),
      () => res.writeHead(500).end(),
    );
  });
}
