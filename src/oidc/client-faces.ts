// Which face a request sees of a client, and the library's own object for it.
import { decodeProtectedHeader } from 'jose';
import { type ClientMetadata, type Client as ProtocolClient, Provider } from 'oidc-provider';
import type { Client } from '../storage/clients.ts';
import { type ClientFace, redirectUriType, toMetadata, usualFace } from './client-metadata.ts';

const AUTHENTICATED_ROUTES = new Set([
  'token',
  'introspection',
  'revocation',
  'pushed_authorization_request',
]);
/** A key that an application took from its jwks_uri is trusted no longer than this. */
const PUBLISHED_KEYS_MS = 5 * 60 * 1000;

/** Keeps the library's objects of each stored client; one with keys lives until the first of them ends. */
export function createFaces(
  create: (metadata: ClientMetadata) => ProtocolClient,
): (client: Client) => ProtocolClient {
  type Kept = Partial<Record<ClientFace, { instance: ProtocolClient; until: number }>>;
  const kept = new WeakMap<Client, Kept>();
  return (client) => {
    const face = faceFor(client);
    const faces = kept.get(client) ?? {};
    const now = performance.now();
    const before = faces[face];
    if (before && before.until > now) return before.instance;
    const instance = create(toMetadata(client, face));
    faces[face] = { instance, until: endOf(client, face, now) };
    kept.set(client, faces);
    return instance;
  };
}

function endOf(client: Client, face: ClientFace, now: number): number {
  if (face === 'published') return now + PUBLISHED_KEYS_MS;
  if (face !== 'key') return Infinity;
  return Math.min(...client.keys.map(({ endsAt }) => endsAt).filter((end) => end > now));
}

// Without any credential, and unless it names a `web` redirect URI, a client with typed URIs is
// public; the library then demands the code's own redirect_uri and its PKCE, so that a code issued
// for a `web` URI cannot be redeemed without the secret.
function faceFor(client: Client): ClientFace {
  const ctx = Provider.ctx;
  if (client.authMethod === 'none' || !ctx || !AUTHENTICATED_ROUTES.has(ctx.oidc.route))
    return usualFace(client);
  const params = ctx.oidc.params ?? {};
  const assertion = params['client_assertion'];
  if (assertion) return keyFace(client, assertion);
  if (ctx.get('Authorization') !== '' || params['client_secret'])
    return client.secretHashes.length > 0 ? 'secret' : usualFace(client);
  const uri = params['redirect_uri'];
  const isPublic =
    client.kind === 'mixed' && uri !== undefined && redirectUriType(client, uri) !== 'web';
  return isPublic ? 'public' : usualFace(client);
}

// The kid only says where to look; the signature decides.
function keyFace(client: Client, assertion: unknown): ClientFace {
  if (client.jwksUri === undefined) return client.keys.length > 0 ? 'key' : usualFace(client);
  const kid = kidOf(assertion);
  return client.keys.some(({ jwk }) => jwk['kid'] === kid) ? 'key' : 'published';
}

function kidOf(assertion: unknown): unknown {
  try {
    return decodeProtectedHeader(String(assertion)).kid;
  } catch {
    return undefined;
  }
}
