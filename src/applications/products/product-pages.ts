// /products: what there is to subscribe to; and subscribing an application in the sandbox, at once.
import type Router from '@koa/router';
import type { Context } from 'koa';
import { z } from 'zod';
import { readOwnForm, whenSignedIn } from '../../accounts/self-care/self-care.ts';
import type { SignedIn } from '../../accounts/self-care/signed-in.ts';
import { notFound } from '../../errors.ts';
import { listApis } from '../../storage/apis.ts';
import { findMemberApplication } from '../../storage/applications.ts';
import { listApprovedProducts } from '../../storage/approvers.ts';
import { findVisibleProduct, listVisibleProducts, type Product } from '../../storage/products.ts';
import { findQuotaClass } from '../../storage/quota-classes.ts';
import { listApplicationsWithout, listOwnSubscriptions } from '../../storage/subscription-lists.ts';
import { actorOf } from '../actor.ts';
import { developerPage } from '../pages/developer-page.ts';
import { subscribe } from '../subscriptions/subscribe.ts';
import { describeApis, describeOwn } from './describe.ts';
import type { ProductPagesDeps } from './page-deps.ts';

const PAGE_SIZE = 25;
const form = z.object({ application: z.string().max(100, 'There is no such application.') });
const search = z.object({
  search: z.string().trim().max(100).catch(''),
  after: z.string().max(200).optional().catch(undefined),
});

/** Adds the routes. */
export function addProductRoutes(router: Router, deps: ProductPagesDeps): void {
  router.get(
    '/products',
    whenSignedIn(deps, (ctx, person) => showList(ctx, deps, person)),
  );
  router.get(
    '/products/:id',
    whenSignedIn(deps, async (ctx, person) => {
      await showProduct(ctx, deps, person, await findOffered(ctx, deps, person));
    }),
  );
  router.post(
    '/products/:id',
    whenSignedIn(deps, async (ctx, person) => {
      const product = await findOffered(ctx, deps, person);
      const typed = await readOwnForm(ctx, deps, person, form);
      const application = await findMemberApplication(
        deps.db,
        person.account.id,
        typed.application,
      );
      if (!application) throw notFound();
      const request = { application, product, environment: 'sandbox', note: '' } as const;
      await subscribe(deps.db, actorOf(ctx, person.account.id), request);
      ctx.status = 303;
      ctx.redirect(`/applications/${application.id}/subscriptions?done=subscribed`);
    }),
  );
}

// What somebody may not see is as if it were not there.
async function findOffered(
  ctx: Context,
  deps: ProductPagesDeps,
  { account }: SignedIn,
): Promise<Product> {
  const product = await findVisibleProduct(deps.db, account.id, ctx['params']['id'] ?? '');
  if (!product) throw notFound();
  return product;
}

async function showList(ctx: Context, deps: ProductPagesDeps, person: SignedIn): Promise<void> {
  const { search: words, after } = search.parse(ctx.query);
  const accountId = person.account.id;
  const page = { limit: PAGE_SIZE + 1, after, search: words };
  const found = await listVisibleProducts(deps.db, accountId, page);
  const shown = found.slice(0, PAGE_SIZE);
  const ids = shown.map(({ id }) => id);
  const own = await listOwnSubscriptions(deps.db, accountId, ids);
  const last = shown.at(-1);
  const query = new URLSearchParams({
    after: last?.name ?? '',
    ...(words ? { search: words } : {}),
  });
  deps.render(ctx, 'product/list', {
    ...developerPage(ctx, deps, person),
    products: shown.map(({ id, name, description, approval }) => ({
      ...{ id, name, description, approval },
      own: own.filter(({ productId }) => productId === id).map(describeOwn),
    })),
    search: words,
    next: found.length > PAGE_SIZE ? `/products?${query}` : undefined,
    decides: (await listApprovedProducts(deps.db, accountId)).length > 0,
  });
}

async function showProduct(
  ctx: Context,
  deps: ProductPagesDeps,
  person: SignedIn,
  product: Product,
): Promise<void> {
  const { db } = deps;
  const { id, name, description, approval, quotaClass, lifetimeDays, terms } = product;
  const quota = quotaClass === undefined ? undefined : await findQuotaClass(db, quotaClass);
  const own = await listOwnSubscriptions(db, person.account.id, [id]);
  deps.render(ctx, 'product/product', {
    ...developerPage(ctx, deps, person),
    product: { id, name, description, approval },
    apis: describeApis(ctx, await listApis(db), product),
    quota: quota && {
      ...{ name: quota.name, perMinute: quota.tokensPerMinute, perDay: quota.tokensPerDay },
    },
    ...{ lifetimeDays, terms },
    own: own.map(describeOwn),
    applications: await listApplicationsWithout(db, person.account.id, id),
  });
}
