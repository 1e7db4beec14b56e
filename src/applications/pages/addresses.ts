// /applications/<id>/addresses: where people are sent, for the client of each environment; and the
// sentences about addresses while they are typed.
import type Router from '@koa/router';
import type { Context } from 'koa';
import { z } from 'zod';
import { readOwnForm } from '../../accounts/self-care/self-care.ts';
import { invalidRequest, notFound } from '../../errors.ts';
import { translate } from '../../http/i18n.ts';
import { lockApplication } from '../../storage/applications.ts';
import { type Client, type Environment, findApplicationClients } from '../../storage/clients.ts';
import { actorOf } from '../actor.ts';
import { changeAddresses } from '../registration/change-addresses.ts';
import {
  addressFields,
  addressProblems,
  lineProblems,
  type TypedAddresses,
  toAddresses,
} from './address-problems.ts';
import { doneNotice, goOnTo } from './developer-page.ts';
import { type OwnApplication, showApplicationPage, whenOwnApplication } from './own-application.ts';
import type { ApplicationPagesDeps } from './page-deps.ts';

// Browsers part lines by CR LF.
const lines = z
  .string()
  .max(20_000)
  .default('')
  .transform((text) => text.replaceAll('\r\n', '\n'));
const form = z.object({
  environment: z.enum(['sandbox', 'production']),
  redirect_uris: lines,
  post_logout_uris: lines,
  cors_origins: lines,
});
const question = z.object({
  kind: z.enum(['web', 'spa', 'native', 'machine']),
  environment: z.enum(['sandbox', 'production']),
  purpose: z.enum(['redirect', 'post-logout', 'origin']),
  text: z.string().max(8000),
});

/** Adds the routes. */
export function addAddressRoutes(router: Router, deps: ApplicationPagesDeps): void {
  // Tells nothing about anybody: it only knows the policy.
  router.get('/applications/address-problems', (ctx) => {
    const asked = question.safeParse(ctx.query);
    if (!asked.success) throw invalidRequest('Ask for kind, environment, purpose and text.');
    ctx.set('Cache-Control', 'no-store');
    ctx.body = { problems: lineProblems(translate(ctx), asked.data, asked.data.text) };
  });
  router.get(
    '/applications/:id/addresses',
    whenOwnApplication(deps, (ctx, own) => show(ctx, deps, own)),
  );
  router.post(
    '/applications/:id/addresses',
    whenOwnApplication(deps, (ctx, own) => change(ctx, deps, own)),
  );
}

async function change(
  ctx: Context,
  deps: ApplicationPagesDeps,
  own: OwnApplication,
): Promise<void> {
  const { application, person } = own;
  const typed = await readOwnForm(ctx, deps, person, form);
  const errors = addressProblems(translate(ctx), { ...application, ...typed }, typed);
  if (Object.keys(errors).length > 0) {
    ctx.status = 400;
    return show(ctx, deps, own, { typed, errors });
  }
  // Who changes them at the same time comes after: each is checked against what it replaces.
  await lockApplication(deps.db, application.id);
  const client = (await findApplicationClients(deps.db, application.id))[typed.environment];
  if (!client || application.kind === 'machine') throw notFound();
  const actor = actorOf(ctx, person.account.id);
  await changeAddresses(deps, actor, client, toAddresses(application.kind, typed));
  goOnTo(ctx, `/applications/${application.id}/addresses`, 'addresses');
}

interface Typed {
  typed: TypedAddresses & { environment: Environment };
  errors: Record<string, string[]>;
}

async function show(
  ctx: Context,
  deps: ApplicationPagesDeps,
  own: OwnApplication,
  sent?: Typed,
): Promise<void> {
  const found = await findApplicationClients(deps.db, own.application.id);
  const clients = [found.production, found.sandbox].flatMap((client) => client ?? []);
  await showApplicationPage(ctx, deps, own, {
    view: 'application/addresses',
    section: 'addresses',
    notice: doneNotice(ctx, 'application', ['addresses']),
    data: { clients: clients.map((client) => describe(client, sent)) },
  });
}

function describe(client: Client, sent: Typed | undefined) {
  const environment = client.environment ?? 'sandbox';
  const isSent = sent?.typed.environment === environment;
  const typed = isSent
    ? sent.typed
    : {
        redirect_uris: client.redirectUris.map(({ uri }) => uri).join('\n'),
        post_logout_uris: client.postLogoutRedirectUris.join('\n'),
        cors_origins: client.allowedCorsOrigins.join('\n'),
      };
  return {
    ...{ environment, clientId: client.id },
    ...addressFields(typed, isSent ? sent.errors : {}),
  };
}
