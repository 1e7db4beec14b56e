// A fake upstream behind a real server, for server processes that cannot be given a fetch.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createCertificate } from '../federation/upstreams/_certificate.ts';
import type { FakeUpstream } from '../federation/upstreams/_fake.ts';
import { createOidc, type OidcFake } from '../federation/upstreams/_oidc.ts';

export interface UpstreamServer {
  issuer: string;
  fake: OidcFake;
  close(): void;
}

/** An OpenID provider at a port of its own. Nobody vouches for its certificate. */
export async function serveUpstream(): Promise<UpstreamServer> {
  const { certificate: cert, privateKey: key } = createCertificate();
  const server = createServer({ cert, key });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const fake = createOidc({ issuer });
  answerBy(server, issuer, fake);
  return {
    ...{ issuer, fake },
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

function answerBy(server: Server, issuer: string, fake: FakeUpstream): void {
  const serve = async (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const { method = 'GET', headers, url = '/' } = request;
    const sent = Object.entries(headers).map(([name, value]) => [name, String(value)]);
    const answer = await fake.fetch(
      new Request(new URL(url, issuer), {
        ...{ method, headers: Object.fromEntries(sent) },
        ...(chunks.length > 0 ? { body: Buffer.concat(chunks) } : {}),
      }),
    );
    response.writeHead(answer.status, Object.fromEntries(answer.headers));
    response.end(Buffer.from(await answer.arrayBuffer()));
  };
  server.on('request', (request, response) => void serve(request, response));
}
