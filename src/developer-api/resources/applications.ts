// /me/applications: listing, creating, reading.
import { z } from 'zod';
import {
  createApplication,
  expectNewName,
  expectRoom,
} from '../../applications/create-application.ts';
import { listMemberApplications } from '../../storage/application-lists.ts';
import { insufficientScope } from '../bearer.ts';
import { type Endpoint, endpoint } from '../endpoint.ts';
import { loadPage, pageOf, pageQuery } from '../page.ts';
import { addresses, texts } from './application-fields.ts';
import { application, KINDS, loadApplication, showApplication } from './application-shape.ts';

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
    method: 'GET',
    path: '/me/applications',
    name: 'listApplications',
    summary: 'The applications that you own or look after, by name.',
    scope: 'applications:read',
    query: pageQuery.extend({ search: z.string().max(100, 'is too long').optional() }),
    body: nothing,
    status: 200,
    answer: pageOf(application),
    async work(deps, { account, query }) {
      const { items, next_cursor } = await loadPage(query, {
        load: (page) =>
          listMemberApplications(deps.db, account.id, { ...page, search: query.search }),
        positionOf: ({ id }) => id,
      });
      const data = [];
      for (const item of items) data.push(await showApplication(deps, account.id, item));
      return { body: { data, next_cursor } };
    },
  }),
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
    async work(deps, { actor, body, scopes }) {
      // What it asks for must be allowed by itself, not by the way.
      if (body.products.length > 0 && !scopes.includes('subscriptions:write'))
        throw insufficientScope(deps.issuer, 'subscriptions:write');
      await expectRoom(deps, actor.accountId);
      await expectNewName(deps.db, actor.accountId, body.name);
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
      const shown = await showApplication(deps, actor.accountId, result.application);
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
      return { body: await showApplication(deps, call.account.id, found) };
    },
  }),
];
