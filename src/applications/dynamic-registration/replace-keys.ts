// The public keys of a registered client: those of the request, and no others.
import { calculateJwkThumbprint, type JWK } from 'jose';
import type { Client } from '../../storage/clients.ts';
import { type Credential, listCredentials, setJwksUri } from '../../storage/credentials.ts';
import type { Database } from '../../storage/database.ts';
import type { Actor } from '../actor.ts';
import { addPublicKeys } from '../credentials/add-credential.ts';
import { retireCredential } from '../credentials/change-credential.ts';
import { withKeyIds } from '../registration/public-keys.ts';
import type { RequestedClient } from './client-metadata.ts';
import { invalidMetadata } from './registration-errors.ts';

/** Throws 400 for a client with a secret that names keys, the reverse, and a key that will not do. */
export async function replaceKeys(
  { db }: { db: Database },
  actor: Actor,
  client: Client,
  { jwks, jwksUri }: Pick<RequestedClient, 'jwks' | 'jwksUri'>,
): Promise<void> {
  const hadKeys = client.authMethod === 'private_key_jwt' || client.jwksUri !== undefined;
  if (hadKeys !== (jwks !== undefined || jwksUri !== undefined))
    throw invalidMetadata(
      `This client authenticates by ${hadKeys ? 'private_key_jwt' : 'a secret or not at all'}, and that stays: register another client.`,
    );
  if (!hadKeys) return;
  if (jwksUri !== client.jwksUri) await setJwksUri(db, client.id, jwksUri);
  const wanted = await withKeyIds(jwks?.keys ?? []);
  const known = (await listCredentials(db, client.id)).filter(isLivingKey);
  const added = await newKeys(wanted, known);
  const clientId = client.id;
  if (added.length > 0)
    await addPublicKeys({ db }, actor, { clientId, name: 'registered key', jwks: { keys: added } });
  const left = known.filter(({ hint }) => !wanted.some(({ kid }) => kid === hint));
  for (const { id } of left) {
    const which = { clientId, credentialId: id, overlapSeconds: 0, confirmed: true };
    await retireCredential({ db }, actor, which);
  }
}

type Key = Record<string, unknown> & { kid: string };

async function newKeys(wanted: Key[], known: Credential[]): Promise<Key[]> {
  const added: Key[] = [];
  for (const key of wanted) {
    const same = known.find(({ hint }) => hint === key.kid);
    if (!same) added.push(key);
    else if (!(await isSameKey(same, key)))
      throw invalidMetadata(
        `There is another key with the kid ${key.kid}: give a new key a new kid.`,
      );
  }
  return added;
}

function isLivingKey({ kind, state }: Credential): boolean {
  return kind === 'key' && state !== 'ended';
}

async function isSameKey(
  { publicKey }: Credential,
  key: Record<string, unknown>,
): Promise<boolean> {
  const known = await calculateJwkThumbprint(publicKey as JWK);
  return known === (await calculateJwkThumbprint(key as JWK));
}
