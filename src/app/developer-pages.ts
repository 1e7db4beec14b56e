// The pages of developers, put together.
import type Router from '@koa/router';
import type { Limits } from '../accounts/limits.ts';
import type { SelfCareDeps } from '../accounts/self-care/self-care.ts';
import type { FetchKeys } from '../applications/credentials/publish-keys.ts';
import { createCredentialRoutes } from '../applications/credentials/routes.ts';
import { createApplicationRoutes } from '../applications/pages/routes.ts';
import type { RegistrationDeps } from '../applications/registration/register-client.ts';
import type { ServerConfig } from '../config.ts';

/** The routes under /applications. */
export function createDeveloperPages(deps: {
  config: ServerConfig;
  selfCareDeps: SelfCareDeps;
  limits: Limits;
  validate: RegistrationDeps['validate'];
  fetchKeys: FetchKeys;
}): Router[] {
  const { config, selfCareDeps, limits, validate, fetchKeys } = deps;
  const { encryptionKeys, hashKeys } = config.secrets;
  const { maxApplications, productName } = config;
  return [
    createApplicationRoutes({
      ...{ ...selfCareDeps, validate, hashKeys, encryptionKeys, maxApplications, productName },
      memberInvitations: limits.memberInvitation,
    }),
    createCredentialRoutes({ ...selfCareDeps, hashKeys, encryptionKeys, fetchKeys }),
  ];
}
