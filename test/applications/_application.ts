// A developer's application with a subscription, made by the functions that the pages call.
import { createApplication } from '../../src/applications/create-application.ts';
import type { ApplicationKind } from '../../src/storage/applications.ts';
import { insertProduct, type NewProduct } from '../../src/storage/products.ts';
import { runInUnitOfWork } from '../../src/storage/unit-of-work.ts';
import type { Server } from '../_installation.ts';
import { addAccount, type TestClient } from '../_protocol.ts';

export const CALLBACK = 'https://rp.example.com/callback';

/** Runs `work` in one transaction, as a request or a command does: nothing stays when it throws. */
export function committed<T>({ db }: Pick<Server, 'db'>, work: () => Promise<T>): Promise<T> {
  return runInUnitOfWork(db.knex, async (unit) => {
    try {
      const result = await work();
      await unit.commit();
      return result;
    } catch (error) {
      await unit.rollback();
      throw error;
    }
  });
}

/** The seeded Orders API of an environment. */
export function ordersApi(server: Server, environment: 'sandbox' | 'production') {
  const api = server.apis.find((one) => one.environment === environment);
  if (!api) throw new Error(`no ${environment} API`);
  return api;
}

/** A product that gives the seeded Orders API in both environments. */
export async function addProduct(server: Server, product: Partial<NewProduct> = {}) {
  const scopes = server.apis.flatMap((api) =>
    api.scopes.map(({ name }) => ({ apiId: api.id, scope: name })),
  );
  const id = await insertProduct(server.db, {
    ...{ name: `Orders ${crypto.randomUUID()}`, description: '', ownerGroupId: undefined },
    ...{ approval: 'automatic', quotaClass: undefined, terms: undefined },
    ...{ lifetimeDays: undefined, groupIds: [], scopes },
    ...product,
  });
  return id;
}

/** An application of a new account, subscribed in the sandbox to a new product unless told otherwise. */
export async function addApplication(
  server: Server,
  options: {
    kind?: ApplicationKind;
    productIds?: string[];
    ownerId?: string;
    redirectUris?: string[];
    allowedCorsOrigins?: string[];
  } = {},
) {
  const { kind = 'machine' } = options;
  const ownerId = options.ownerId ?? (await addAccount(server)).id;
  const productIds = options.productIds ?? [await addProduct(server)];
  const redirects = options.redirectUris ?? (kind === 'machine' ? [] : [CALLBACK]);
  const created = await committed(server, () =>
    createApplication(
      { ...server.registration, maxApplications: 20, productName: 'Gatehouse' },
      { kind: 'account', accountId: ownerId },
      {
        ...{ kind, name: 'Trucks', description: '', homepage: undefined, productIds },
        ...{ redirectUris: redirects, postLogoutRedirectUris: [] },
        allowedCorsOrigins: options.allowedCorsOrigins ?? [],
      },
    ),
  );
  const client: TestClient = {
    client_id: created.client.id,
    redirect_uris: redirects,
    ...(created.secret ? { client_secret: created.secret } : {}),
  };
  return { ...created, client, stored: created.client, ownerId, productIds };
}
