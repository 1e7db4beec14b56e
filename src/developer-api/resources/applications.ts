// /me/applications: creating, reading, changing, deleting.
import { z } from 'zod';
import { createApplication } from '../../applications/create-application.ts';
import { type Endpoint, endpoint } from '../endpoint.ts';
import { application, describeApplication, KINDS, loadApplication } from './application-shape.ts';

const uris = (what: string) =>
  z.array(z.string().max(2000, 'is too long')).max(50, 'are too many').describe(what);
const addresses = {
  redirect_uris: uris('Where people are sent back to. A machine has none.'),
  post_logout_redirect_uris: uris('Where people may be sent after signing out.'),
  allowed_cors_origins: uris('Origins whose pages may call the token endpoint.'),
};
const texts = {
  name: z.string().max(200, 'is too long'),
  description: z.string().max(5000, 'is too long'),
  homepage: z.string().max(2000, 'is too long').nullable(),
};
const jwks = z
  .strictObject({ keys: z.array(z.record(z.string(), z.unknown())).max(10, 'are too many') })
  .describe(
    'Public keys (RFC 7517): the client then authenticates by private_key_jwt, and has no secret.',
  );

const created = application
  .extend({
    client_secret: z
      .string()
      .nullable()
      .describe('Of the sandbox client, now or never. null: it is public, or has keys.'),
  })
  .meta({ id: 'CreatedApplication' });

const nothing = z.strictObject({});

export const APPLICATIONS: Endpoint[] = [
  endpoint({
    method: 'POST',
    path: '/me/applications',
    name: 'createApplication',
    summary: 'Creates an application with its sandbox client.',
    description:
      'Subscribes it in the sandbox to the products that are named, which needs the scope subscriptions:write as well.',
    scope: 'applications:write',
    query: nothing,
    body: z.strictObject({
      kind: z.enum(KINDS, `must be one of ${KINDS.join(', ')}`),
      name: texts.name,
      description: texts.description.default(''),
      homepage: texts.homepage.default(null),
      redirect_uris: addresses.redirect_uris.default([]),
      post_logout_redirect_uris: addresses.post_logout_redirect_uris.default([]),
      allowed_cors_origins: addresses.allowed_cors_origins.default([]),
      jwks: jwks.optional(),
      products: z
        .array(z.string())
        .max(20, 'are too many')
        .default([])
        .describe('Ids of products.'),
    }),
    status: 201,
    answer: created,
    refusals: [404, 409],
    async work(deps, { actor, body }) {
      const result = await createApplication(deps, actor, {
        kind: body.kind,
        name: body.name,
        description: body.description,
        homepage: body.homepage ?? undefined,
        redirectUris: body.redirect_uris,
        postLogoutRedirectUris: body.post_logout_redirect_uris,
        allowedCorsOrigins: body.allowed_cors_origins,
        jwks: body.jwks,
        productIds: body.products,
      });
      const shown = await describeApplication(deps, actor.accountId, result.application);
      return {
        location: `/me/applications/${result.application.id}`,
        body: { ...shown, client_secret: result.secret ?? null },
      };
    },
  }),
  endpoint({
    method: 'GET',
    path: '/me/applications/{id}',
    name: 'getApplication',
    summary: 'One of your applications.',
    scope: 'applications:read',
    query: nothing,
    body: nothing,
    status: 200,
    answer: application,
    refusals: [404],
    async work(deps, call) {
      const found = await loadApplication(deps, call);
      return { body: await describeApplication(deps, call.account.id, found) };
    },
  }),
];
