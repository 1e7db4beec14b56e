// An application as the API shows it, with what its clients may ask tokens for.
import { z } from 'zod';
import type { Api } from '../../catalog/apis.ts';
import { AppError, notFound } from '../../errors.ts';
import {
  type Application,
  findMemberApplication,
  lockApplication,
} from '../../storage/applications.ts';
import { type Client, findApplicationClients } from '../../storage/clients.ts';
import type { ApiDeps, Call } from '../endpoint.ts';

export const KINDS = ['web', 'spa', 'native', 'machine'] as const;

const client = z
  .strictObject({
    client_id: z.string(),
    token_endpoint_auth_method: z.enum(['none', 'client_secret_basic', 'private_key_jwt']),
    grant_types: z.array(z.string()),
    redirect_uris: z.array(z.string()),
    post_logout_redirect_uris: z.array(z.string()),
    allowed_cors_origins: z.array(z.string()),
    apis: z
      .array(
        z.strictObject({
          resource: z.string(),
          audience: z.string(),
          scopes: z.array(z.string()),
          example_url: z.string().nullable(),
        }),
      )
      .describe('What its active subscriptions let it ask tokens for.'),
  })
  .meta({ id: 'Client' });

const moment = z.iso.datetime();

export const application = z
  .strictObject({
    id: z.string(),
    kind: z.enum(KINDS),
    name: z.string(),
    description: z.string(),
    homepage: z.string().nullable(),
    state: z
      .enum(['active', 'disabled', 'suspended', 'deleted'])
      .describe('Of several, the one that weighs most. Only an active application gets tokens.'),
    suspended_reason: z.string().nullable(),
    erase_at: moment.nullable().describe('When a deleted application is erased for good.'),
    verified: z.boolean().describe('An administrator has checked its name and logo.'),
    owned: z.boolean().describe('You are its owner; otherwise you are a co-owner.'),
    clients: z.strictObject({ sandbox: client.nullable(), production: client.nullable() }),
    created_at: moment,
    updated_at: moment,
  })
  .meta({ id: 'Application' });

/** The application that the path names. Throws 404 unless the person is one of its members. */
export async function loadApplication(
  { db }: Pick<ApiDeps, 'db'>,
  { account, params }: Pick<Call<unknown, unknown>, 'account' | 'params'>,
): Promise<Application> {
  const found = await findMemberApplication(db, account.id, params['id'] ?? '');
  if (!found) throw notFound();
  return found;
}

/**
 * The same, locked, where something is to be changed: who changes it at the same time comes after.
 * Throws 409 as well, for one that is deleted.
 */
export async function lockOwnApplication(
  deps: Pick<ApiDeps, 'db'>,
  call: Pick<Call<unknown, unknown>, 'account' | 'params'>,
): Promise<Application> {
  const { id } = await loadApplication(deps, call);
  const locked = await lockApplication(deps.db, id);
  if (!locked) throw notFound();
  if (!locked.eraseAt) return locked;
  throw new AppError(409, 'conflict', 'This application is deleted: restore it first.');
}

/** Throws 403 for a co-owner: some things are the owner's alone. */
export function expectOwner(
  { ownerId }: Application,
  { account }: Pick<Call<unknown, unknown>, 'account'>,
): void {
  if (ownerId === account.id) return;
  throw new AppError(403, 'forbidden', 'Only the owner of an application can do that.');
}

/** An application with its clients, as the API shows it to one of its members. */
export async function showApplication(
  { db, catalog }: Pick<ApiDeps, 'db' | 'catalog'>,
  accountId: string,
  found: Application,
): Promise<z.infer<typeof application>> {
  const clients = await findApplicationClients(db, found.id);
  const apis = await catalog.all();
  const { id, kind, name, description } = found;
  return {
    ...{ id, kind, name, description },
    homepage: found.homepage ?? null,
    state: stateOf(found),
    suspended_reason: found.suspendedReason ?? null,
    erase_at: found.eraseAt?.toISOString() ?? null,
    verified: found.verifiedAt !== undefined,
    owned: found.ownerId === accountId,
    clients: {
      sandbox: clients.sandbox ? describeClient(clients.sandbox, apis) : null,
      production: clients.production ? describeClient(clients.production, apis) : null,
    },
    created_at: found.createdAt.toISOString(),
    updated_at: found.updatedAt.toISOString(),
  };
}

function stateOf({ eraseAt, suspendedAt, disabledAt }: Application) {
  if (eraseAt) return 'deleted';
  if (suspendedAt) return 'suspended';
  return disabledAt ? 'disabled' : 'active';
}

function describeClient(found: Client, apis: Api[]): z.infer<typeof client> {
  return {
    client_id: found.id,
    token_endpoint_auth_method: found.authMethod,
    grant_types: found.grantTypes,
    redirect_uris: found.redirectUris.map(({ uri }) => uri),
    post_logout_redirect_uris: found.postLogoutRedirectUris,
    allowed_cors_origins: found.allowedCorsOrigins,
    apis: apis
      .filter(({ id }) => found.entitlements.has(id))
      .map((api) => ({
        resource: api.resource,
        audience: api.audience,
        scopes: [...(found.entitlements.get(api.id) ?? [])].toSorted(),
        example_url: api.exampleUrl ?? null,
      })),
  };
}
