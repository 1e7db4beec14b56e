// How the provider finds clients: our own cache instead of the library's (which holds 100), the
// face that the request calls for, and secrets compared by hash.
import { createSecretKey, type KeyObject } from 'node:crypto';
import {
  type ClientMetadata,
  type KoaContextWithOIDC,
  type Client as ProtocolClient,
  Provider,
} from 'oidc-provider';
import type { CredentialUses } from '../applications/credentials/last-used.ts';
import { findClientSecret, hashClientSecret } from '../applications/registration/client-secrets.ts';
import { cacheUntilChanged } from '../storage/cache.ts';
import type { Changes } from '../storage/changes.ts';
import { type Client, findClient } from '../storage/clients.ts';
import type { Database } from '../storage/database.ts';
import { createFaces } from './client-faces.ts';
import { refusedBy } from './refused-by.ts';
import { findUsedKey, noteUsed } from './used-credential.ts';

export interface ClientLookup {
  /** The stored client, undefined when unknown, disabled or stopped with its application. */
  find(id: string): Promise<Client | undefined>;
  /** The client that this request named and that is stopped: to explain, never to allow anything. */
  stopped(ctx: KoaContextWithOIDC): Client | undefined;
  /** Makes a provider use this look-up and our way to compare secrets. */
  attach(provider: Provider): void;
  /** The stored client behind one that the provider hands to a hook. */
  stored(client: ProtocolClient): Client;
  /** Notes which key signed the assertion of a request, once it is verified. */
  noteKey(ctx: KoaContextWithOIDC, client: ProtocolClient, header: { alg?: string }): Promise<void>;
}

/** About 3 KB each, of those that are in use. */
const MAX_CLIENTS = 150_000;

/** Creates the look-up; `hashKeys` verify client secrets, `ownClient` is the one of our own pages. */
export function createClientLookup(deps: {
  db: Database;
  changes: Changes;
  hashKeys: Buffer[];
  ownClient: Client;
  uses: CredentialUses;
}): ClientLookup {
  const load = cacheUntilChanged({
    changes: deps.changes,
    topic: 'clients',
    maxEntries: MAX_CLIENTS,
    load: (id) => findClient(deps.db, id),
  });
  // A raw key would be prepared anew for each request, which costs more than the hash.
  const hashKeys = deps.hashKeys.map((key) => createSecretKey(key));
  const storedClients = new WeakMap<ProtocolClient, Client>();

  const findEvenStopped = async (id: string) => {
    // An id that cannot exist needs no query: it may be long or hold bytes that text cannot.
    if (!/^c_[A-Za-z0-9._~-]{1,100}$/.test(id)) return undefined;
    if (id === deps.ownClient.id) return deps.ownClient;
    const client = await load(id);
    // A subscription has ended since it was loaded: until a job says so, nothing is kept.
    const outlived = client?.entitledUntil && client.entitledUntil.getTime() <= Date.now();
    return outlived ? findClient(deps.db, id) : client;
  };
  const stoppedClients = new WeakMap<object, Client>();
  const find = async (id: string) => {
    const client = await findEvenStopped(id);
    if (!client?.disabledAt && !client?.application?.stopped) return client;
    if (Provider.ctx) stoppedClients.set(Provider.ctx.oidc, client);
    return undefined;
  };

  const stored = (client: ProtocolClient) => {
    const found = storedClients.get(client);
    if (!found) throw new Error(`client ${client.clientId} did not come from this look-up`);
    return found;
  };

  const note = (ctx: KoaContextWithOIDC | undefined, credentialId: string) => {
    if (ctx) noteUsed(ctx, credentialId);
    deps.uses.note(credentialId, ctx?.state['network']);
  };

  return {
    find,
    stopped: (ctx) => stoppedClients.get(ctx.oidc),
    stored,
    async noteKey(ctx, client, header) {
      const assertion = String(ctx.oidc.params?.['client_assertion']);
      const used = await findUsedKey(stored(client), assertion, header);
      if (used !== undefined) note(ctx, used);
    },
    attach(provider) {
      // The types hide the constructor that Client.validate and registration use.
      const ClientClass = provider.Client as unknown as {
        new (metadata: ClientMetadata): ProtocolClient;
        prototype: ProtocolClient;
        find(id: string): Promise<ProtocolClient | undefined>;
      };
      const instanceOf = createFaces((metadata) => new ClientClass(metadata));

      ClientClass.find = async (id) => {
        const client = typeof id === 'string' ? await find(id) : undefined;
        if (!client) return undefined;
        const instance = instanceOf(client);
        storedClients.set(instance, client);
        return instance;
      };
      ClientClass.prototype.compareClientSecret = function compare(this: ProtocolClient, secret) {
        const client = stored(this);
        const match = findClientSecret(hashKeys, client.secretHashes, secret);
        if (match) note(Provider.ctx, match.id);
        else noteEndedSecret(client, hashKeys, secret);
        return match !== undefined;
      };
    },
  };
}

// For the owners of an application: whoever sent it knew it once.
function noteEndedSecret(client: Client, hashKeys: KeyObject[], secret: string): void {
  const ctx = Provider.ctx;
  if (!ctx || !client.application) return;
  const hashes = hashKeys.map((key) => hashClientSecret(key, secret));
  const isIt = ({ hash }: { hash: Buffer }) => hashes.some((sent) => sent.equals(hash));
  const ended = client.application.endedSecrets.find(isIt);
  // Expired since the client was read.
  const late = client.secretHashes.find(isIt);
  if (ended)
    refusedBy(ctx.oidc, ended.reason === 'expired' ? 'secret_expired' : 'secret_suspended', {
      ...{ credential: ended.hint, ended_at: ended.endedAt.toISOString() },
    });
  else if (late) {
    const endedAt = new Date(Date.now() + late.endsAt - performance.now());
    refusedBy(ctx.oidc, 'secret_expired', { ended_at: endedAt.toISOString() });
  }
}
