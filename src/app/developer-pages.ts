// The pages of developers: their applications, what these may call, and who decides on it.
import type Router from '@koa/router';
import type { Limits } from '../accounts/limits.ts';
import type { SelfCareDeps } from '../accounts/self-care/self-care.ts';
import { createCredentialRoutes } from '../applications/credentials/routes.ts';
import type { Metering } from '../applications/metering.ts';
import { createMeteringRoutes } from '../applications/metering-routes.ts';
import { createApplicationRoutes } from '../applications/pages/routes.ts';
import { createProductRoutes } from '../applications/product-routes.ts';
import type { Catalog } from '../catalog/apis.ts';
import type { ServerConfig } from '../config.ts';
import type { OutgoingFetch } from '../http/outgoing/outgoing-fetch.ts';
import { createMetadataValidator } from '../oidc/metadata-validator.ts';

export interface DeveloperParts {
  catalog: Catalog;
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
  const { config, limits, metering, fetchKeys, catalog } = parts;
  const { hashKeys, encryptionKeys } = config.secrets;
  const deps = { ...parts.selfCareDeps, hashKeys, encryptionKeys };
  const validate = await createMetadataValidator();
  return [
    createApplicationRoutes({
      ...{ ...deps, catalog, validate },
      ...{ maxApplications: config.maxApplications, productName: config.productName },
      memberInvitations: limits.memberInvitation,
    }),
    createCredentialRoutes({ ...deps, fetchKeys }),
    createProductRoutes({ ...deps, validate }),
    createMeteringRoutes({ ...deps, metering }),
  ];
}
