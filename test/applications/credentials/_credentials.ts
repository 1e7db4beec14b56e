// Credentials of an application as a test needs them: added, asked with, looked at.
import { randomUUID } from 'node:crypto';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { addPublicKeys, addSecret } from '../../../src/applications/credentials/add-credential.ts';
import type { Server } from '../../_installation.ts';
import { basic, post, type TestClient } from '../../_protocol.ts';
import { committed } from '../_application.ts';

export const OPERATOR = { kind: 'operator' } as const;
export const CREDENTIALS = { grant_type: 'client_credentials', scope: 'orders.read' };
export const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** Adds a secret to a client; answers the client as it authenticates with that one. */
export async function withNewSecret(
  server: Server,
  client: TestClient,
  options: { name?: string; expiresInDays?: number } = {},
): Promise<TestClient & { credential_id: string }> {
  const { hashKeys } = server.registration;
  const { credential, secret } = await committed(server, () =>
    addSecret({ db: server.db, hashKeys }, OPERATOR, {
      clientId: client.client_id,
      name: 'another',
      ...options,
    }),
  );
  return { ...client, client_secret: secret, credential_id: credential.id };
}

/** A new key pair, whose public part is given to the client. */
export async function withNewKey(server: Server, { client_id }: TestClient, kid?: string) {
  const pair = await newKey(kid);
  const [credential] = await committed(server, () =>
    addPublicKeys({ db: server.db }, OPERATOR, {
      ...{ clientId: client_id, name: 'a key', jwks: { keys: [pair.jwk] } },
    }),
  );
  if (!credential) throw new Error('no key was added');
  return { ...pair, credential };
}

/** A key pair for ES256. */
export async function newKey(kid?: string) {
  const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true });
  const jwk = {
    ...(await exportJWK(publicKey)),
    alg: 'ES256',
    use: 'sig',
    ...(kid ? { kid } : {}),
  };
  return { jwk: jwk as Record<string, unknown>, privateKey, kid };
}

/** The parameters by which a key authenticates a client. */
export async function assertionOf(
  { issuer }: Pick<Server, 'issuer'>,
  { client_id }: Pick<TestClient, 'client_id'>,
  { privateKey, kid }: { privateKey: CryptoKey; kid?: string | undefined },
) {
  const jwt = await new SignJWT({ jti: randomUUID() })
    .setProtectedHeader({ alg: 'ES256', ...(kid ? { kid } : {}) })
    .setIssuer(client_id)
    .setSubject(client_id)
    .setAudience(issuer)
    .setExpirationTime('1 minute')
    .sign(privateKey);
  return { client_assertion_type: ASSERTION_TYPE, client_assertion: jwt };
}

/** Asks for a token with the secret. */
export const askWith = (server: Server, client: TestClient) =>
  post(server, '/token', CREDENTIALS, basic(client));

/** Asks for the next secret with this one. */
export const rotateWith = (
  server: Server,
  client: TestClient,
  params: Record<string, string> = {},
  headers: Record<string, string> = {},
) => post(server, '/credentials/rotate', params, { ...basic(client), ...headers });

/** The newest row of a credential. */
export async function rowOf({ db }: Server, id: string) {
  const query = await db.query();
  return query('credentials').where({ id }).first();
}

/** Everything that the database holds in clear, as one text: the tables that could name a secret. */
export async function dumpOf({ db }: Server): Promise<string> {
  const tables = ['credentials', 'audit_events', 'events', 'idempotent_answers', 'clients'];
  const query = await db.query();
  const rows = await Promise.all(tables.map((table) => query(table).select()));
  return rows
    .flat()
    .map((row) => JSON.stringify(row))
    .join('\n');
}
