// Gatehouse with PostgreSQL, in this process like the yardstick.
import { startGatehouse } from '../test/_gatehouse.ts';

export async function ownServer() {
  const gatehouse = await startGatehouse({ logLevel: 'info' });
  const machine = gatehouse.client('machine');
  const credentials = `${machine.client_id}:${machine.client_secret}`;
  const headers = { Authorization: `Basic ${Buffer.from(credentials).toString('base64')}` };
  return {
    name: 'Gatehouse, PostgreSQL',
    request: () =>
      fetch(`${gatehouse.issuer}/token`, {
        method: 'POST',
        headers,
        body: new URLSearchParams({ grant_type: 'client_credentials', scope: 'orders.read' }),
      }),
    stop: gatehouse.stop,
  };
}
