// A new secret for a registered client, as portals offer it: the old ones go on for a day.
import { listCredentials } from '../../storage/credentials.ts';
import { addSecret } from '../credentials/add-credential.ts';
import { retireCredential } from '../credentials/change-credential.ts';
import type { ManagedClient } from './manage.ts';
import { type DynamicRegistrationDeps, loadClient } from './register.ts';
import { inRegistrationWords, invalidMetadata } from './registration-errors.ts';

/** Adds a secret and retires those there are. Throws 400 for a client without secrets, 409 for the tenth. */
export async function renewSecret(
  deps: DynamicRegistrationDeps,
  managed: ManagedClient,
): Promise<{ client: ManagedClient['client']; secret: string }> {
  const { client, actor } = managed;
  if (client.authMethod !== 'client_secret_basic' || client.jwksUri)
    throw invalidMetadata('This client has no secret: it is public, or has keys.');
  const clientId = client.id;
  const former = await listCredentials(deps.db, clientId);
  const request = { clientId, name: 'renewed secret' };
  const { secret } = await inRegistrationWords(() => addSecret(deps, actor, request));
  for (const { id, kind, state } of former) {
    if (kind === 'secret' && state === 'live')
      await retireCredential(deps, actor, { clientId, credentialId: id });
  }
  return { client: await loadClient(deps, clientId), secret };
}
