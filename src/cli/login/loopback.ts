// Where the browser comes back to: a server on a loopback port of this machine (RFC 8252 section 7.3).
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { UsageError } from '../../errors.ts';
import { bind } from '../../http/listening.ts';

const WAIT_MS = 10 * 60_000;

export interface Loopback {
  redirectUri: string;
  /**
   * Resolves with the address that the browser came back to with this state. Whatever else knocks
   * at the port is turned away.
   */
  callback(state: string): Promise<URL>;
  close(): void;
}

/** Listens on a free port. */
export async function listenOnLoopback(): Promise<Loopback> {
  const server = createServer();
  await bind(server, { host: '127.0.0.1', port: 0 });
  const { port } = server.address() as AddressInfo;
  const redirectUri = `http://127.0.0.1:${port}/callback`;
  return {
    redirectUri,
    callback: (state) => waitForCallback(server, redirectUri, state),
    close() {
      server.close();
      server.closeIdleConnections();
    },
  };
}

function waitForCallback(server: Server, redirectUri: string, state: string): Promise<URL> {
  return new Promise((resolve, reject) => {
    const giveUp = setTimeout(() => {
      reject(new UsageError('Nobody signed in within ten minutes: start again.'));
    }, WAIT_MS);
    server.on('request', (request, response) => {
      const url = URL.parse(request.url ?? '', redirectUri);
      const isOurs =
        request.method === 'GET' &&
        // A page that makes its own name lead to this port must not reach us.
        request.headers.host === new URL(redirectUri).host &&
        url?.pathname === '/callback' &&
        url.searchParams.get('state') === state;
      if (!(url && isOurs)) {
        answer(response, 404, 'Nothing lives at this address.');
        return;
      }
      clearTimeout(giveUp);
      const refused = url.searchParams.has('error');
      answer(
        response,
        200,
        refused
          ? 'You did not sign in. The terminal says why; you can close this window.'
          : 'You are back. You can close this window and go on in the terminal.',
      );
      response.once('close', () => resolve(url));
    });
  });
}

function answer(response: ServerResponse, status: number, sentence: string): void {
  response.writeHead(status, {
    'Content-Type': 'text/html; charset=utf-8',
    'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
    'Cache-Control': 'no-store',
    'Referrer-Policy': 'no-referrer',
    Connection: 'close',
  });
  response.end(
    `<!doctype html><html lang="en"><meta name="viewport" content="width=device-width"><title>Gatehouse</title><main><p>${sentence}</p></main></html>`,
  );
}
