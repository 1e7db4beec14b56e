// How the provider finds clients: our own cache instead of the library's (which holds 100), the
// face that the request calls for, and secrets compared by hash.
import { createSecretKey } from 'node:crypto';
import { type Client as ProtocolClient, Provider } from 'oidc-provider';
import { matchesClientSecret } from '../applications/registration/client-secrets.ts';
import { cacheUntilChanged } from '../storage/cache.ts';
import type { Changes } from '../storage/changes.ts';
import { type Client, findClient } from '../storage/clients.ts';
import type { Database } from '../storage/database.ts';
import { type ClientFace, redirectUriType, toMetadata } from './client-metadata.ts';

export interface ClientLookup {
  /** The stored client, undefined when unknown, disabled or stopped with its application. */
  find(id: string): Promise<Client | undefined>;
  /** The stored client whatever became of it: to explain a refusal, never to allow anything. */
  findEvenStopped(id: string): Promise<Client | undefined>;
  /** Makes a provider use this look-up and our way to compare secrets. */
  attach(provider: Provider): void;
  /** The stored client behind one that the provider hands to a hook. */
  stored(client: ProtocolClient): Client;
}

/** About 3 KB each, of those that are in use. */
const MAX_CLIENTS = 150_000;

const AUTHENTICATED_ROUTES = new Set([
  'token',
  'introspection',
  'revocation',
  'pushed_authorization_request',
]);

/** Creates the look-up; `hashKeys` verify client secrets, `ownClient` is the one of our own pages. */
export function createClientLookup(deps: {
  db: Database;
  changes: Changes;
  hashKeys: Buffer[];
  ownClient: Client;
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
  const find = async (id: string) => {
    const client = await findEvenStopped(id);
    return client?.disabledAt || client?.application?.stopped ? undefined : client;
  };

  const stored = (client: ProtocolClient) => {
    const found = storedClients.get(client);
    if (!found) throw new Error(`client ${client.clientId} did not come from this look-up`);
    return found;
  };

  return {
    find,
    findEvenStopped,
    stored,
    attach(provider) {
      // The types hide the constructor that Client.validate and registration use.
      const ClientClass = provider.Client as unknown as {
        new (metadata: unknown): ProtocolClient;
        prototype: ProtocolClient;
        find(id: string): Promise<ProtocolClient | undefined>;
      };
      const instances = new WeakMap<Client, Partial<Record<ClientFace, ProtocolClient>>>();

      ClientClass.find = async (id) => {
        const client = typeof id === 'string' ? await find(id) : undefined;
        if (!client) return undefined;
        const face = faceFor(client);
        const faces = instances.get(client) ?? {};
        const instance = faces[face] ?? new ClientClass(toMetadata(client, face));
        faces[face] = instance;
        instances.set(client, faces);
        storedClients.set(instance, client);
        return instance;
      };
      ClientClass.prototype.compareClientSecret = function compare(this: ProtocolClient, secret) {
        return matchesClientSecret(hashKeys, stored(this).secretHashes, secret);
      };
    },
  };
}

// Which face a request sees. Without any credential, and unless it names a `web` redirect URI, a
// client with typed URIs is public; the library then demands the code's own redirect_uri and its
// PKCE, so that a code issued for a `web` URI cannot be redeemed without the secret.
function faceFor(client: Client): ClientFace {
  const ctx = Provider.ctx;
  if (client.kind !== 'mixed' || !ctx || !AUTHENTICATED_ROUTES.has(ctx.oidc.route))
    return 'registered';
  const params = ctx.oidc.params ?? {};
  const hasCredential =
    ctx.get('Authorization') !== '' || params['client_secret'] || params['client_assertion'];
  const uri = params['redirect_uri'];
  const isPublic = !hasCredential && uri !== undefined && redirectUriType(client, uri) !== 'web';
  return isPublic ? 'public' : 'registered';
}
