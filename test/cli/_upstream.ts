// An upstream for the command line: a real OpenID provider on loopback.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import Provider from 'oidc-provider';

export interface LocalUpstream {
  issuer: string;
  close(): void;
}

/** Starts a provider with one client. */
export async function startUpstream(client: {
  client_id: string;
  client_secret: string;
  redirect_uri: string;
}): Promise<LocalUpstream> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { redirect_uri, ...named } = client;
  const provider = new Provider(issuer, {
    clients: [{ ...named, redirect_uris: [redirect_uri] }],
    features: { devInteractions: { enabled: false } },
  });
  const answer = provider.callback();
  server.on('request', (request, response) => void answer(request, response));
  return {
    issuer,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
