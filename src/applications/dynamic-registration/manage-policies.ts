// Registration policies: made and ended by operators, never changed, for what was registered under one
// is held to it.
import { loadAccount } from '../../accounts/block-account.ts';
import { AppError, invalidRequest } from '../../errors.ts';
import type { ApplicationKind } from '../../storage/applications.ts';
import { insertAuditEvents } from '../../storage/audit-events.ts';
import type { Environment } from '../../storage/client.ts';
import { findClient } from '../../storage/clients.ts';
import type { Database } from '../../storage/database.ts';
import { findVisibleProduct } from '../../storage/products.ts';
import {
  findPolicy,
  insertPolicy,
  type RegistrationPolicy,
  revokePolicy,
} from '../../storage/registration-policies.ts';
import { createSecret, hashClientSecret } from '../registration/client-secrets.ts';
import { hostProblem } from './policy.ts';
import { INITIAL_PREFIX } from './registrar.ts';

export interface PolicyRequest {
  /** Id or address of the account whose applications they become. */
  owner: string;
  /** A client that registers with its access tokens; undefined: an initial access token is made. */
  clientId: string | undefined;
  kinds: ApplicationKind[];
  redirectHosts: string[];
  productIds: string[];
  environment: Environment;
  uses: number | undefined;
  expiresAt: Date | undefined;
}

/**
 * Creates a policy; its token, if it is for one, is returned once. Throws 400 that says what is wrong,
 * 404 for an unknown account, client or product, 409 for a client that has a policy.
 */
export async function createPolicy(
  deps: { db: Database; hashKeys: Buffer[] },
  request: PolicyRequest,
  by: string,
): Promise<{ policy: RegistrationPolicy; token: string | undefined }> {
  const { db, hashKeys } = deps;
  const owner = await loadAccount(db, request.owner);
  await expectUsable(db, owner.id, request);
  const token = request.clientId === undefined ? createSecret(INITIAL_PREFIX) : undefined;
  const [hashKey] = hashKeys;
  if (!hashKey) throw new Error('no hash key is configured');
  const policy = await insertPolicy(db, {
    token_hash: token === undefined ? null : hashClientSecret(hashKey, token),
    hint: token === undefined ? null : `${token.slice(0, INITIAL_PREFIX.length + 4)}…`,
    client_id: request.clientId ?? null,
    owner_id: owner.id,
    kinds: request.kinds,
    redirect_hosts: request.redirectHosts,
    product_ids: request.productIds,
    environment: request.environment,
    uses_left: request.uses ?? null,
    expires_at: request.expiresAt ?? null,
  }).catch((cause) => {
    throw cause.code === '23505' ? hasOne(request.clientId, cause) : cause;
  });
  await insertAuditEvents(db, [
    {
      ...{ type: 'registration-token.created', accountId: owner.id },
      detail: { by, policy_id: policy.id, client_id: request.clientId },
    },
  ]);
  return { policy, token };
}

/** Ends a policy: nobody registers under it from now on. Throws 404, 409 when it has ended. */
export async function endPolicy(db: Database, id: string, by: string): Promise<void> {
  const policy = await findPolicy(db, id);
  if (!policy) throw new AppError(404, 'not_found', `There is no registration token ${id}.`);
  if (!(await revokePolicy(db, id)))
    throw new AppError(409, 'conflict', `${id} is revoked already.`);
  await insertAuditEvents(db, [
    {
      ...{ type: 'registration-token.revoked', accountId: policy.owner_id },
      detail: { by, policy_id: id },
    },
  ]);
}

async function expectUsable(
  db: Database,
  ownerId: string,
  { clientId, productIds, redirectHosts }: PolicyRequest,
): Promise<void> {
  const problem = redirectHosts.map(hostProblem).find((found) => found !== undefined);
  if (problem) throw invalidRequest(problem);
  if (clientId !== undefined && !(await findClient(db, clientId)))
    throw new AppError(404, 'not_found', `There is no client ${clientId}.`);
  for (const id of productIds) {
    if (!(await findVisibleProduct(db, ownerId, id)))
      throw new AppError(404, 'not_found', `There is no product ${id} that the owner can see.`);
  }
}

function hasOne(clientId: string | undefined, cause: unknown): AppError {
  return new AppError(
    409,
    'conflict',
    `${clientId} registers under a policy already: revoke that one and use another client, or go on with it.`,
    { cause },
  );
}
