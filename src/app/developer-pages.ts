// The pages of developers: their applications, what these may call, and who decides on it.
import type Router from '@koa/router';
import type { Limits } from '../accounts/limits.ts';
import type { SelfCareDeps } from '../accounts/self-care/self-care.ts';
import { createCredentialRoutes } from '../applications/credentials/routes.ts';
import type { Metering } from '../applications/metering.ts';
import { createMeteringRoutes } from '../applications/metering-routes.ts';
import { createApplicationRoutes } from '../applications/pages/routes.ts';
import type { ServerConfig } from '../config.ts';
import type { OutgoingFetch } from '../http/outgoing/outgoing-fetch.ts';
import { createMetadataValidator } from '../oidc/metadata-validator.ts';

export interface DeveloperParts {
  config: ServerConfig;
  limits: Limits;
  /** What the pages of a signed-in person are given. */
  selfCareDeps: SelfCareDeps;
  metering: Metering;
  /** For key sets of clients (jwks_uri). */
  fetchKeys: OutgoingFetch;
}

/** Creates their routes. */
export async function createDeveloperPages(parts: DeveloperParts): Promise<Router[]> {
  const { config, limits, metering, fetchKeys } = parts;
  const { hashKeys, encryptionKeys } = config.secrets;
  const deps = { ...parts.selfCareDeps, hashKeys, encryptionKeys };
  return [
    createApplicationRoutes({
      ...{ ...deps, maxApplications: config.maxApplications, productName: config.productName },
      validate: await createMetadataValidator(),
      memberInvitations: limits.memberInvitation,
    }),
    createCredentialRoutes({ ...deps, fetchKeys }),
    createMeteringRoutes({ ...deps, metering }),
  ];
}
