// /products: what the person may subscribe applications to.
import { z } from 'zod';
import type { Api } from '../../catalog/apis.ts';
import { notFound } from '../../errors.ts';
import { findVisibleProduct, listVisibleProducts, type Product } from '../../storage/products.ts';
import { type Endpoint, endpoint } from '../endpoint.ts';
import { loadPage, pageOf, pageQuery } from '../page.ts';

const product = z
  .strictObject({
    id: z.string(),
    name: z.string(),
    description: z.string(),
    approval: z
      .enum(['automatic', 'person', 'webhook', 'delegation'])
      .describe(
        'Who decides on a subscription in production; in the sandbox it is active at once.',
      ),
    quota_class: z.string().nullable(),
    terms: z.string().nullable(),
    lifetime_days: z.int().nullable().describe('How long a production subscription lasts.'),
    apis: z.array(
      z.strictObject({
        name: z.string(),
        environment: z.enum(['sandbox', 'production']),
        resource: z.string().describe('The resource parameter of a token request (RFC 8707).'),
        audience: z.string(),
        example_url: z.string().nullable().describe('A GET that shows that a token works.'),
        scopes: z.array(z.strictObject({ name: z.string(), description: z.string() })),
      }),
    ),
  })
  .meta({ id: 'Product' });

export const PRODUCTS: Endpoint[] = [
  endpoint({
    method: 'GET',
    path: '/products',
    name: 'listProducts',
    summary: 'The products that you may subscribe to, by name.',
    scope: 'products:read',
    query: pageQuery.extend({ search: z.string().max(100, 'is too long').optional() }),
    body: z.strictObject({}),
    status: 200,
    answer: pageOf(product),
    async work({ db, catalog }, { account, query }) {
      const { items, next_cursor } = await loadPage(query, {
        load: (page) => listVisibleProducts(db, account.id, { ...page, search: query.search }),
        positionOf: ({ name }) => name,
      });
      const apis = await catalog.all();
      return { body: { data: items.map((item) => describeProduct(item, apis)), next_cursor } };
    },
  }),
  endpoint({
    method: 'GET',
    path: '/products/{id}',
    name: 'getProduct',
    summary: 'One product.',
    scope: 'products:read',
    query: z.strictObject({}),
    body: z.strictObject({}),
    status: 200,
    answer: product,
    refusals: [404],
    async work({ db, catalog }, { account, params }) {
      const found = await findVisibleProduct(db, account.id, params['id'] ?? '');
      if (!found) throw notFound();
      return { body: describeProduct(found, await catalog.all()) };
    },
  }),
];

function describeProduct(found: Product, apis: Api[]): z.infer<typeof product> {
  const { id, name, description, approval } = found;
  return {
    ...{ id, name, description, approval },
    quota_class: found.quotaClass ?? null,
    terms: found.terms ?? null,
    lifetime_days: found.lifetimeDays ?? null,
    apis: apis.flatMap((api) => {
      const given = found.scopes.filter(({ apiId }) => apiId === api.id).map(({ scope }) => scope);
      const scopes = api.scopes.filter((scope) => given.includes(scope.name));
      return scopes.length === 0 ? [] : [describeApi(api, scopes)];
    }),
  };
}

function describeApi(api: Api, scopes: Api['scopes']) {
  const { name, environment, resource, audience } = api;
  return {
    ...{ name, environment, resource, audience },
    example_url: api.exampleUrl ?? null,
    scopes: scopes.map((scope) => ({ name: scope.name, description: scope.description })),
  };
}
