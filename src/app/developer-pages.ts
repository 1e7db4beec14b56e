// The pages of developers, put together.
import type Router from '@koa/router';
import type { Limits } from '../accounts/limits.ts';
import type { SelfCareDeps } from '../accounts/self-care/self-care.ts';
import { createApplicationRoutes } from '../applications/pages/routes.ts';
import type { RegistrationDeps } from '../applications/registration/register-client.ts';
import type { ServerConfig } from '../config.ts';

/** The routes under /applications. */
export function createDeveloperPages(deps: {
  config: ServerConfig;
  selfCareDeps: SelfCareDeps;
  limits: Limits;
  validate: RegistrationDeps['validate'];
}): Router[] {
  const { config, selfCareDeps, limits, validate } = deps;
  const { encryptionKeys, hashKeys } = config.secrets;
  const { maxApplications, productName } = config;
  return [
    createApplicationRoutes({
      ...{ ...selfCareDeps, validate, hashKeys, encryptionKeys, maxApplications, productName },
      memberInvitations: limits.memberInvitation,
    }),
  ];
}
