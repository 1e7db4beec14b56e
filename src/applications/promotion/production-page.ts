// /applications/<id>/production: what changes from sandbox to production, and asking for it.
import type Router from '@koa/router';
import type { Context } from 'koa';
import { z } from 'zod';
import { readOwnForm } from '../../accounts/self-care/self-care.ts';
import { notFound } from '../../errors.ts';
import { translate } from '../../http/i18n.ts';
import type { ProductViews } from '../../http/views/product.ts';
import { listApis } from '../../storage/apis.ts';
import { type Client, findApplicationClients } from '../../storage/clients.ts';
import { findVisibleProducts, type Product } from '../../storage/products.ts';
import { findPromotion } from '../../storage/promotions.ts';
import { type ListedSubscription, listFiltered } from '../../storage/subscription-lists.ts';
import { actorOf } from '../actor.ts';
import {
  addressFields,
  addressProblems,
  type TypedAddresses,
  toAddresses,
} from '../pages/address-problems.ts';
import { doneNotice, goOnTo } from '../pages/developer-page.ts';
import {
  type OwnApplication,
  showApplicationPage,
  whenOwnApplication,
} from '../pages/own-application.ts';
import type { ProductPagesDeps } from '../products/page-deps.ts';
import { noteField } from '../subscriptions/reason-field.ts';
import { differenceOf } from './difference.ts';
import { requestProduction } from './request-production.ts';

const PATH = '/applications/:id/production';
const PRODUCT_FIELD = /^product_(prd_[0-9a-f]{1,60})$/;
const MOST = 100;

const lines = z
  .string()
  .max(20_000)
  .default('')
  .transform((text) => text.replaceAll('\r\n', '\n'));
const form = z
  .object({
    note: noteField(1000),
    terms: z.string().max(10).default(''),
    redirect_uris: lines,
    post_logout_uris: lines,
    cors_origins: lines,
  })
  // The boxes of the products; nothing else of it is looked at.
  .loose();
type Form = z.infer<typeof form>;

/** What is there before anybody asks for something. */
interface Stage {
  clients: { sandbox?: Client; production?: Client };
  open: ListedSubscription[];
  /** What may be asked for: what is tried in the sandbox, or named in the address of the page. */
  offered: Product[];
}

/** Adds the routes. */
export function addProductionRoutes(router: Router, deps: ProductPagesDeps): void {
  router.get(
    PATH,
    whenOwnApplication(deps, async (ctx, own) => {
      const stage = await findStage(ctx, deps, own, []);
      await show(ctx, deps, own, stage, await firstForm(deps, own, stage), {});
    }),
  );
  router.post(
    PATH,
    whenOwnApplication(deps, (ctx, own) => ask(ctx, deps, own)),
  );
}

async function ask(ctx: Context, deps: ProductPagesDeps, own: OwnApplication): Promise<void> {
  const { person, application } = own;
  const typed = await readOwnForm(ctx, deps, person, form);
  const ids = chosen(typed);
  const stage = await findStage(ctx, deps, own, ids);
  const products = await findVisibleProducts(deps.db, person.account.id, ids);
  // One of another group, or of nobody.
  if (products.length !== ids.length) throw notFound();
  const errors = problemsOf(ctx, own, stage, typed, products);
  if (Object.keys(errors).length > 0) {
    ctx.status = 400;
    return show(ctx, deps, own, stage, typed, errors);
  }
  const subscriptions = await requestProduction(deps, actorOf(ctx, person.account.id), {
    ...{ application, products, note: typed.note },
    addresses: stage.clients.production ? undefined : toAddresses(application.kind, typed),
  });
  const done = subscriptions.every(({ state }) => state === 'active') ? 'active' : 'asked';
  goOnTo(ctx, `/applications/${application.id}/production`, done);
}

type Errors = ProductViews['product/production']['errors'] & Record<string, unknown>;

function problemsOf(
  ctx: Context,
  { application }: OwnApplication,
  { clients }: Stage,
  typed: Form,
  products: Product[],
): Record<string, string | string[]> {
  const t = translate(ctx);
  const owner = { kind: application.kind, environment: 'production' } as const;
  return {
    ...(products.length === 0 ? { products: t('promotion.no-product-chosen') } : {}),
    ...(products.some(({ terms }) => terms) && typed.terms !== 'yes'
      ? { terms: t('promotion.terms-missing') }
      : {}),
    ...(clients.production ? {} : addressProblems(t, owner, typed)),
  };
}

async function findStage(
  ctx: Context,
  deps: ProductPagesDeps,
  { person, application }: OwnApplication,
  ids: string[],
): Promise<Stage> {
  const { db } = deps;
  const has = await listFiltered(db, {
    ...{ applicationId: application.id, limit: MOST },
    states: ['submitted', 'active', 'suspended'],
  });
  const open = has.filter(({ environment }) => environment === 'production');
  const named = z.string().max(100).optional().catch(undefined).parse(ctx.query['product']);
  const wanted = new Set([
    ...has.filter(({ environment }) => environment === 'sandbox').map((one) => one.productId),
    ...ids,
    ...(named ? [named] : []),
  ]);
  for (const { productId } of open) wanted.delete(productId);
  return {
    clients: await findApplicationClients(db, application.id),
    open,
    offered: await findVisibleProducts(db, person.account.id, [...wanted]),
  };
}

// What was asked before; else the sandbox's addresses that production takes.
async function firstForm(
  deps: ProductPagesDeps,
  { application }: OwnApplication,
  { clients, offered }: Stage,
): Promise<Form> {
  const asked = await findPromotion(deps.db, application.id);
  const { sandbox } = clients;
  const uris = asked ?? {
    redirectUris: sandbox?.redirectUris.map(({ uri }) => uri) ?? [],
    postLogoutRedirectUris: sandbox?.postLogoutRedirectUris ?? [],
    allowedCorsOrigins: sandbox?.allowedCorsOrigins ?? [],
  };
  const fits = (uri: string) => application.kind === 'native' || uri.startsWith('https:');
  const only = offered.length === 1 ? offered.map(({ id }) => [`product_${id}`, 'yes']) : [];
  return {
    ...{ note: '', terms: '' },
    redirect_uris: uris.redirectUris.filter(fits).join('\n'),
    post_logout_uris: uris.postLogoutRedirectUris.filter(fits).join('\n'),
    cors_origins: uris.allowedCorsOrigins.filter(fits).join('\n'),
    ...Object.fromEntries(only),
  };
}

/** The products that were ticked. */
function chosen(typed: Form): string[] {
  return Object.keys(typed).flatMap((name) => PRODUCT_FIELD.exec(name)?.[1] ?? []);
}

async function show(
  ctx: Context,
  deps: ProductPagesDeps,
  own: OwnApplication,
  stage: Stage,
  typed: Form & TypedAddresses,
  errors: Record<string, string | string[]>,
): Promise<void> {
  const { clients, open, offered } = stage;
  const { production, sandbox } = clients;
  const { products, terms, ...lists } = errors as Errors;
  const ticked = new Set(chosen(typed));
  const asksAddresses = offered.length > 0 && !production && own.application.kind !== 'machine';
  await showApplicationPage(ctx, deps, own, {
    view: 'product/production',
    section: 'production',
    notice: doneNotice(ctx, 'promotion', ['asked', 'active']),
    data: {
      clientId: production?.id,
      open: open.map(({ productName, state }) => ({ product: productName, state })),
      products: offered.map(({ id, name, approval, lifetimeDays, terms: text }) => ({
        ...{ id, name, approval, lifetimeDays, terms: text },
        checked: ticked.has(id),
      })),
      difference: differenceOf(await listApis(deps.db), offered),
      sandboxUris: sandbox?.redirectUris.map(({ uri }) => uri) ?? [],
      addresses: asksAddresses
        ? addressFields(typed, lists as Record<string, string[]>)
        : undefined,
      note: typed.note,
      termsAccepted: typed.terms === 'yes',
      errors: { ...(products ? { products } : {}), ...(terms ? { terms } : {}) },
    },
  });
}
