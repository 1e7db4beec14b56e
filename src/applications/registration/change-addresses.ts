// Changing where a client's people are sent: the policy and the library's schema are the same as when
// it was registered, and nothing but these three lists can be changed here.
import { invalidRequest } from '../../errors.ts';
import { type Client, type RedirectUriType, replaceClientUris } from '../../storage/clients.ts';
import type { Actor } from '../actor.ts';
import { record } from '../record.ts';
import { clientUrisProblem } from './client-uris.ts';
import type { RegistrationDeps } from './register-client.ts';

export interface Addresses {
  redirectUris: string[];
  postLogoutRedirectUris: string[];
  allowedCorsOrigins: string[];
}

/**
 * Replaces the addresses of an application's client, and tells the nodes. Throws 400 that names the
 * field and the remedy; the client is then as it was.
 */
export async function changeAddresses(
  deps: Pick<RegistrationDeps, 'db' | 'validate'>,
  actor: Actor,
  client: Client,
  addresses: Addresses,
): Promise<void> {
  const uris = {
    redirectUris: addresses.redirectUris.map((uri) => ({ uri, type: typeOf(client) })),
    postLogoutRedirectUris: addresses.postLogoutRedirectUris,
    allowedCorsOrigins: addresses.allowedCorsOrigins,
  };
  const problem = clientUrisProblem(client, uris);
  if (problem) throw invalidRequest(problem);
  await deps.validate({ ...client, ...uris });
  await replaceClientUris(deps.db, client.id, uris);
  await record(deps.db, actor, {
    type: 'application.addresses-changed',
    applicationId: client.application?.id,
    clientId: client.id,
    data: { environment: client.environment, redirect_uris: addresses.redirectUris },
  });
}

function typeOf({ kind }: Client): RedirectUriType {
  return kind === 'spa' || kind === 'native' ? kind : 'web';
}
