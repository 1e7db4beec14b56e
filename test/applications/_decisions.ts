// What the tests of decisions share: a production subscription that waits, and the services as pages call them.
import { requestProduction } from '../../src/applications/promotion/request-production.ts';
import { findProduct } from '../../src/storage/products.ts';
import { findSubscription, type Subscription } from '../../src/storage/subscriptions.ts';
import type { Server } from '../_installation.ts';
import { addAccount } from '../_protocol.ts';
import { addApplication, addProduct, committed } from './_application.ts';

/** An application that asked for production of a new product that a person approves. */
export async function askForProduction(
  server: Server,
  options: {
    product?: Parameters<typeof addProduct>[1];
    kind?: 'machine' | 'web';
    ownerId?: string;
  } = {},
) {
  const { ownerId, kind = 'machine' } = options;
  const productId = await addProduct(server, { approval: 'person', ...options.product });
  const owned = ownerId === undefined ? {} : { ownerId };
  const made = await addApplication(server, { kind, productIds: [productId], ...owned });
  const product = await findProduct(server.db, productId);
  if (!product) throw new Error('the product is not there');
  const addresses = {
    redirectUris: kind === 'web' ? ['https://app.example.com/callback'] : [],
    postLogoutRedirectUris: [],
    allowedCorsOrigins: [],
  };
  const actor = { kind: 'account' as const, accountId: made.ownerId };
  const [subscription] = await committed(server, () =>
    requestProduction(server.registration, actor, {
      ...{ application: made.application, products: [product], addresses, note: 'For trucks' },
    }),
  );
  if (!subscription) throw new Error('nothing was asked for');
  return { ...made, product, subscription };
}

/** What a subscription is by now. */
export async function reload(server: Server, { id }: Subscription): Promise<Subscription> {
  const found = await findSubscription(server.db, id);
  if (!found) throw new Error(`${id} is gone`);
  return found;
}

/** An account of an administrator. */
export async function addAdmin(server: Server) {
  const account = await addAccount(server);
  const query = await server.db.query();
  await query('accounts')
    .where({ id: account.id })
    .update({ roles: ['admin'] });
  return account;
}
