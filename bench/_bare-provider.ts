// A bare oidc-provider with its in-memory adapter: the yardstick.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair } from 'jose';
import { type JWK, Provider } from 'oidc-provider';

export async function bareProvider() {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const resource = 'https://api.example.com/orders';
  const provider = new Provider(origin, {
    clients: [
      {
        client_id: 'machine',
        client_secret: 'secret',
        grant_types: ['client_credentials'],
        redirect_uris: [],
        response_types: [],
      },
    ],
    // The types of jose and of the library name the same key differently.
    jwks: { keys: [{ ...(await exportJWK(privateKey)), alg: 'RS256', use: 'sig' } as JWK] },
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => resource,
        getResourceServerInfo: () => ({ scope: 'orders.read', accessTokenFormat: 'jwt' }),
      },
    },
  });
  const handle = provider.callback();
  server.on('request', (req, res) => void handle(req, res));
  const headers = { Authorization: `Basic ${Buffer.from('machine:secret').toString('base64')}` };
  return {
    name: 'bare oidc-provider, memory',
    request: () =>
      fetch(`${origin}/token`, {
        method: 'POST',
        headers,
        body: new URLSearchParams({ grant_type: 'client_credentials', scope: 'orders.read' }),
      }),
    stop: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
