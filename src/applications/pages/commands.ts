// The line that shows a new machine application that everything works: paste it into a terminal.
import type { Api } from '../../storage/apis.ts';
import type { Client } from '../../storage/clients.ts';

/**
 * Commands that fetch a token and call an API of the client with it; undefined for a client that
 * gets no token by itself, or none for any API.
 */
export function firstCommands(
  issuer: string,
  apis: Api[],
  { client, secret }: { client: Client; secret: string | undefined },
): string | undefined {
  const mine = apis.filter(({ id }) => client.entitlements.has(id));
  const api = mine.find(({ exampleUrl }) => exampleUrl) ?? mine[0];
  if (!secret || !api || !client.grantTypes.includes('client_credentials')) return undefined;
  const request = [
    `curl -s -u ${client.id}:${secret} ${quote(`${issuer}/token`)}`,
    '-d grant_type=client_credentials',
    `--data-urlencode ${quote(`resource=${api.resource}`)}`,
  ].join(' \\\n  ');
  if (!api.exampleUrl) return request;
  return [
    `TOKEN=$(${request} \\\n  | sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/')`,
    `curl -i -H "Authorization: Bearer $TOKEN" ${quote(api.exampleUrl)}`,
  ].join('\n');
}

function quote(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
