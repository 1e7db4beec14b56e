// The example API behind a test's server: it verifies every token.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createOrdersApi } from '../../../examples/api/orders-api.ts';
import type { Api } from '../../../src/catalog/apis.ts';
import type { Server } from '../../_installation.ts';

export interface OrdersApi {
  url: string;
  /** The server's sandbox API, with the address of its example here. */
  sandbox: Api;
  stop(): void;
}

/** Starts the API on a free port. */
export async function startOrdersApi({ issuer, apis }: Server): Promise<OrdersApi> {
  const find = (environment: 'production' | 'sandbox') => {
    const api = apis.find((one) => one.environment === environment);
    if (!api) throw new Error(`no ${environment} API`);
    return api;
  };
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  const audiences = { production: find('production').audience, sandbox: find('sandbox').audience };
  const handle = createOrdersApi({
    port,
    url,
    issuer,
    audiences,
  }).callback();
  server.on('request', (request, response) => void handle(request, response));
  return {
    url,
    sandbox: { ...find('sandbox'), exampleUrl: `${url}/sandbox/orders` },
    stop() {
      server.closeAllConnections();
      server.close();
    },
  };
}
