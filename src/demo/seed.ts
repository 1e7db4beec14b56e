// The demo's content: accounts, the Orders API in two environments, one client of each kind.
import { exportJWK, generateKeyPair } from 'jose';
import type { Passwords } from '../accounts/passwords/passwords.ts';
import { readablePassword } from '../accounts/passwords/readable-password.ts';
import {
  type RegistrationDeps,
  registerClient,
} from '../applications/registration/register-client.ts';
import type { Api } from '../catalog/apis.ts';
import { insertAccount } from '../storage/accounts.ts';
import { insertApi, listApis, setApiClient } from '../storage/apis.ts';
import { replaceClientUris } from '../storage/clients.ts';
import type { Database } from '../storage/database.ts';
import type { DemoAccount, DemoApi, DemoClient } from './demo-file.ts';
import { type ClientPlan, type ClientUris, demoClients } from './seed-clients.ts';

const SCOPES = [
  { name: 'orders.read', description: 'See orders' },
  { name: 'orders.write', description: 'Place and change orders' },
];

const PEOPLE = [
  { email: 'admin@example.com', givenName: 'Ada', familyName: 'Marsh', roles: ['admin'] },
  { email: 'dev@example.com', givenName: 'Noor', familyName: 'Haddad', roles: ['developer'] },
  { email: 'sam@example.com', givenName: 'Sam', familyName: 'Okafor', roles: ['developer'] },
];

/** Creates the accounts, with passwords that can be typed. */
export async function seedAccounts(db: Database, passwords: Passwords): Promise<DemoAccount[]> {
  const seeded: DemoAccount[] = [];
  for (const person of PEOPLE) {
    const password = readablePassword();
    await insertAccount(db, {
      ...person,
      emailVerified: true,
      passwordHash: await passwords.hash(password),
    });
    seeded.push({ email: person.email, password, roles: person.roles });
  }
  return seeded;
}

/** Creates the Orders API, production and sandbox. */
export async function seedApis(db: Database): Promise<Api[]> {
  const common = { alg: 'RS256', typ: 'at+jwt', tokenLifetime: 600, scopes: SCOPES } as const;
  await insertApi(db, {
    ...common,
    name: 'Orders',
    environment: 'production',
    resource: 'https://api.example.com/orders',
    audience: 'https://api.example.com/orders',
    claims: ['roles', 'auth_time', 'amr'],
    scopes: SCOPES,
  });
  await insertApi(db, {
    ...common,
    name: 'Orders',
    environment: 'sandbox',
    resource: 'https://sandbox.api.example.com/orders',
    audience: 'https://sandbox.api.example.com/orders',
    claims: [],
    scopes: SCOPES,
  });
  return listApis(db);
}

/** Describes an API for demo.json. */
export function describeApi(api: Api): DemoApi {
  const { resource, audience, environment, alg, typ } = api;
  return { resource, audience, environment, scopes: api.scopes.map(({ name }) => name), alg, typ };
}

/** Registers one client of each kind through the door that everybody uses. */
export async function seedClients(
  deps: RegistrationDeps,
  apis: Api[],
  portalUrl: string,
): Promise<DemoClient[]> {
  const seeded: DemoClient[] = [];
  for (const plan of demoClients(apis, portalUrl)) seeded.push(await seedClient(deps, plan));
  const resourceServer = seeded.find(({ kind }) => kind === 'resource-server');
  for (const api of apis) await setApiClient(deps.db, api.id, resourceServer?.client_id ?? '');
  return seeded;
}

async function seedClient(deps: RegistrationDeps, plan: ClientPlan): Promise<DemoClient> {
  const keys = plan.privateKeyJwt ? await createClientKeys() : undefined;
  const { id, secret } = await registerClient(deps, { ...plan.request, jwks: keys?.jwks });
  return {
    kind: plan.kind,
    client_id: id,
    ...(secret ? { client_secret: secret } : {}),
    ...(keys ? { private_jwk: keys.privateJwk } : {}),
    ...wireUris(plan.request),
    scopes: plan.scopes,
  };
}

/** Moves the demo to another port: the same clients, new URIs. */
export async function moveClients(
  db: Database,
  clients: DemoClient[],
  apis: Api[],
  portalUrl: string,
): Promise<DemoClient[]> {
  const plans = demoClients(apis, portalUrl);
  const moved: DemoClient[] = [];
  for (const client of clients) {
    const plan = plans.find(({ kind }) => kind === client.kind);
    if (plan) await replaceClientUris(db, client.client_id, plan.request);
    moved.push(plan ? { ...client, ...wireUris(plan.request) } : client);
  }
  return moved;
}

function wireUris(uris: ClientUris) {
  const types = new Set(uris.redirectUris.map(({ type }) => type));
  return {
    redirect_uris: uris.redirectUris.map(({ uri }) => uri),
    ...(types.size > 1
      ? {
          redirect_uri_types: Object.fromEntries(
            uris.redirectUris.map(({ uri, type }) => [uri, type]),
          ),
        }
      : {}),
    post_logout_redirect_uris: uris.postLogoutRedirectUris,
    ...(uris.allowedCorsOrigins.length > 0 ? { origins: uris.allowedCorsOrigins } : {}),
  };
}

async function createClientKeys() {
  const pair = await generateKeyPair('ES256', { extractable: true });
  const members = { alg: 'ES256', kid: 'machine-1', use: 'sig' };
  return {
    jwks: { keys: [{ ...(await exportJWK(pair.publicKey)), ...members }] },
    privateJwk: { ...(await exportJWK(pair.privateKey)), ...members },
  };
}
