// /me/applications/{id}/credentials: secrets and public keys of its clients, several at a time.
import { z } from 'zod';
import { addPublicKeys, addSecret } from '../../applications/credentials/add-credential.ts';
import {
  renameCredential,
  restoreCredential,
  retireCredential,
} from '../../applications/credentials/change-credential.ts';
import { AppError, notFound } from '../../errors.ts';
import { type Client, type Environment, findApplicationClients } from '../../storage/clients.ts';
import { type Credential, findCredential, listCredentials } from '../../storage/credentials.ts';
import { type ApiDeps, type Call, type Endpoint, endpoint } from '../endpoint.ts';
import { loadApplication } from './application-shape.ts';

const moment = z.iso.datetime();
const environment = z
  .enum(['sandbox', 'production'], 'must be sandbox or production')
  .default('sandbox');
const credential = z
  .strictObject({
    id: z.string(),
    client_id: z.string(),
    environment: z.enum(['sandbox', 'production']),
    kind: z.enum(['secret', 'key']),
    name: z.string(),
    hint: z.string().describe('The first characters of a secret, the kid of a key.'),
    state: z
      .enum(['live', 'retiring', 'suspended', 'ended'])
      .describe('live and retiring ones work.'),
    created_at: moment,
    expires_at: moment.nullable().describe('Of a retiring one, the end of its countdown.'),
    last_used_at: moment.nullable(),
    last_used_network: z.string().nullable().describe('Coarse on purpose.'),
  })
  .meta({ id: 'Credential' });
const secret = credential
  .extend({ client_secret: z.string().describe('Shown now or never.') })
  .meta({ id: 'NewSecret' });

const nothing = z.strictObject({});
const PATH = '/me/applications/{id}/credentials';
const ONE = `${PATH}/{credential_id}`;
const name = z.string().max(200, 'is too long');
const expiresInDays = z
  .int('must be a whole number')
  .optional()
  .describe('Left out: it does not expire.');

export const CREDENTIALS: Endpoint[] = [
  endpoint({
    method: 'GET',
    path: PATH,
    name: 'listCredentials',
    summary: 'The credentials of an application, never with a secret.',
    scope: 'applications:read',
    query: z.strictObject({ environment }),
    body: nothing,
    status: 200,
    answer: z.strictObject({ data: z.array(credential) }),
    refusals: [404],
    async work(deps, call) {
      const client = await loadClient(deps, call, call.query.environment);
      const found = await listCredentials(deps.db, client.id);
      return { body: { data: found.map((one) => describe(one, call.query.environment)) } };
    },
  }),
  endpoint({
    method: 'POST',
    path: PATH,
    name: 'addSecret',
    summary: 'Adds a secret; those that there are go on.',
    scope: 'credentials:write',
    query: nothing,
    body: z.strictObject({ environment, name, expires_in_days: expiresInDays }),
    status: 201,
    answer: secret,
    refusals: [404, 409],
    async work(deps, call) {
      const { body } = call;
      const client = await loadClient(deps, call, body.environment);
      const added = await addSecret(deps, call.actor, {
        clientId: client.id,
        ...{ name: body.name, expiresInDays: body.expires_in_days },
      });
      const shown = describe(added.credential, body.environment);
      return { body: { ...shown, client_secret: added.secret } };
    },
  }),
  endpoint({
    method: 'POST',
    path: '/me/applications/{id}/public-keys',
    name: 'addPublicKeys',
    summary: 'Adds public keys (RFC 7517), with which its client authenticates by private_key_jwt.',
    scope: 'credentials:write',
    query: nothing,
    body: z.strictObject({
      ...{ environment, name, expires_in_days: expiresInDays },
      jwks: z.strictObject({ keys: z.array(z.record(z.string(), z.unknown())).min(1).max(10) }),
    }),
    status: 201,
    answer: z.strictObject({ data: z.array(credential) }),
    refusals: [404, 409],
    async work(deps, call) {
      const { body } = call;
      const client = await loadClient(deps, call, body.environment);
      const added = await addPublicKeys(deps, call.actor, {
        ...{ clientId: client.id, name: body.name, expiresInDays: body.expires_in_days },
        jwks: body.jwks,
      });
      return { body: { data: added.map((one) => describe(one, body.environment)) } };
    },
  }),
  endpoint({
    method: 'PATCH',
    path: ONE,
    name: 'renameCredential',
    summary: 'Names a credential anew.',
    scope: 'credentials:write',
    query: nothing,
    body: z.strictObject({ name }),
    status: 200,
    answer: credential,
    refusals: [404],
    async work(deps, call) {
      const found = await loadCredential(deps, call);
      const renamed = await renameCredential(deps, { ...found.which, name: call.body.name });
      return { body: describe(renamed, found.environment) };
    },
  }),
  endpoint({
    method: 'POST',
    path: `${ONE}/retire`,
    name: 'retireCredential',
    summary: 'Lets a credential end after an overlap.',
    scope: 'credentials:write',
    query: nothing,
    body: z.strictObject({
      overlap_seconds: z
        .int('must be a whole number')
        .optional()
        .describe('How long it still works: 0 to 30 days, 24 hours unless given.'),
      confirmed: z.boolean().default(false).describe('Needed for the last one that works.'),
    }),
    status: 200,
    answer: credential,
    refusals: [404, 409],
    async work(deps, call) {
      const { which, environment: where } = await loadCredential(deps, call);
      const { overlap_seconds: overlapSeconds, confirmed } = call.body;
      const retired = await retireCredential(deps, call.actor, {
        ...{ ...which, overlapSeconds, confirmed },
      });
      return { body: describe(retired, where) };
    },
  }),
  endpoint({
    method: 'POST',
    path: `${ONE}/restore`,
    name: 'restoreCredential',
    summary: 'Stops the countdown of a retiring credential.',
    scope: 'credentials:write',
    query: nothing,
    body: nothing,
    status: 200,
    answer: credential,
    refusals: [404, 409],
    async work(deps, call) {
      const { which, environment: where } = await loadCredential(deps, call);
      return { body: describe(await restoreCredential(deps, call.actor, which), where) };
    },
  }),
];

type Asked = Pick<Call<unknown, unknown>, 'account' | 'params'>;

async function loadClient(deps: ApiDeps, call: Asked, where: Environment): Promise<Client> {
  const { id } = await loadApplication(deps, call);
  const client = (await findApplicationClients(deps.db, id))[where];
  if (client) return client;
  throw new AppError(409, 'conflict', `This application has no ${where} client yet.`);
}

// Of any of the application's clients; of another application it is not there.
async function loadCredential(deps: ApiDeps, call: Asked) {
  const { id } = await loadApplication(deps, call);
  const credentialId = call.params['credential_id'] ?? '';
  if (!/^cr_[0-9a-f]{1,60}$/.test(credentialId)) throw notFound();
  const clients = await findApplicationClients(deps.db, id);
  for (const where of ['sandbox', 'production'] as const) {
    const clientId = clients[where]?.id;
    if (clientId && (await findCredential(deps.db, clientId, credentialId)))
      return { which: { clientId, credentialId }, environment: where };
  }
  throw notFound();
}

function describe(found: Credential, where: Environment): z.infer<typeof credential> {
  const { id, kind, hint, state } = found;
  return {
    ...{ id, kind, hint, state, name: found.name },
    client_id: found.clientId,
    environment: where,
    created_at: found.createdAt.toISOString(),
    expires_at: found.expiresAt?.toISOString() ?? null,
    last_used_at: found.lastUsedAt?.toISOString() ?? null,
    last_used_network: found.lastUsedNetwork ?? null,
  };
}
