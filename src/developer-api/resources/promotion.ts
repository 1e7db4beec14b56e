// /me/applications/{id}/promotion: asking to be in production.
import { z } from 'zod';
import { requestProduction } from '../../applications/promotion/request-production.ts';
import { invalidRequest, notFound } from '../../errors.ts';
import { findVisibleProduct } from '../../storage/products.ts';
import { type ApiDeps, type Call, type Endpoint, endpoint } from '../endpoint.ts';
import { addresses } from './application-fields.ts';
import { lockOwnApplication } from './application-shape.ts';
import { describeSubscription, subscription } from './subscriptions.ts';

const body = z.strictObject({
  products: z
    .array(z.string())
    .min(1, 'must name at least one')
    .max(20, 'are too many')
    .describe('Ids of products.'),
  note: z.string().max(1000, 'is too long').default('').describe('For those who decide.'),
  terms_accepted: z
    .boolean()
    .default(false)
    .describe('You accept the terms of these products. Needed where one has any.'),
  redirect_uris: addresses.redirect_uris.optional(),
  post_logout_redirect_uris: addresses.post_logout_redirect_uris.optional(),
  allowed_cors_origins: addresses.allowed_cors_origins.optional(),
});

export const PROMOTION: Endpoint[] = [
  endpoint({
    method: 'POST',
    path: '/me/applications/{id}/promotion',
    name: 'requestProduction',
    summary: 'Subscribes an application to products in production.',
    description:
      'What nobody has to approve is active at once. With the first active subscription the application gets its production client, which has no secret until you add one. The addresses are those of that client.',
    scope: 'subscriptions:write',
    query: z.strictObject({}),
    body,
    status: 201,
    answer: z.strictObject({ data: z.array(subscription) }),
    refusals: [404, 409],
    async work(deps, call) {
      const application = await lockOwnApplication(deps, call);
      const products = await loadProducts(deps, call, [...new Set(call.body.products)]);
      const withTerms = products.find(({ terms }) => terms);
      if (withTerms && !call.body.terms_accepted)
        throw invalidRequest(
          `${withTerms.name} has terms: read them, and send terms_accepted with true.`,
        );
      const subscriptions = await requestProduction(deps, call.actor, {
        ...{ application, products, note: call.body.note },
        addresses: addressesOf(call.body),
      });
      return { body: { data: subscriptions.map(describeSubscription) } };
    },
  }),
];

async function loadProducts(
  deps: ApiDeps,
  { account }: Pick<Call<unknown, unknown>, 'account'>,
  ids: string[],
) {
  const products = [];
  for (const id of ids) {
    const product = await findVisibleProduct(deps.db, account.id, id);
    if (!product) throw notFound();
    products.push(product);
  }
  return products;
}

// Without any, what was asked before goes on.
function addressesOf(given: z.infer<typeof body>) {
  const { redirect_uris, post_logout_redirect_uris, allowed_cors_origins } = given;
  if (!redirect_uris && !post_logout_redirect_uris && !allowed_cors_origins) return undefined;
  return {
    redirectUris: redirect_uris ?? [],
    postLogoutRedirectUris: post_logout_redirect_uris ?? [],
    allowedCorsOrigins: allowed_cors_origins ?? [],
  };
}
