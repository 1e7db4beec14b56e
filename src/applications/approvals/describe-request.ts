// One request in the words of the page of those who decide.
import type { Context } from 'koa';
import { notFound } from '../../errors.ts';
import { translate } from '../../http/i18n.ts';
import { momentOf } from '../../http/moments.ts';
import type { DeveloperPage } from '../../http/views/application.ts';
import type { ProductViews } from '../../http/views/product.ts';
import { listApis } from '../../storage/apis.ts';
import { findApplication } from '../../storage/applications.ts';
import { isParty, listMembers } from '../../storage/approvers.ts';
import { findApplicationClients } from '../../storage/clients.ts';
import type { Database } from '../../storage/database.ts';
import { findProduct, type Product } from '../../storage/products.ts';
import { findPromotion } from '../../storage/promotions.ts';
import { type ListedSubscription, listHistory } from '../../storage/subscription-lists.ts';
import { describeApis, describeHistory } from '../products/describe.ts';
import { differenceOf } from '../promotion/difference.ts';

type RequestPage = ProductViews['approval/request'];

/** Everything that the page shows of a request. */
export async function describeRequest(
  ctx: Context,
  db: Database,
  accountId: string,
  listed: ListedSubscription,
): Promise<Omit<RequestPage, keyof DeveloperPage | 'error' | 'reason'>> {
  const product = await findProduct(db, listed.productId);
  if (!product) throw notFound();
  const apis = await listApis(db);
  const history = await listHistory(db, [listed.id]);
  const { id, state, environment, note, createdAt, expiresAt } = listed;
  const isOwn = await isParty(db, accountId, listed);
  return {
    request: {
      ...{ id, state, environment, note },
      since: momentOf(ctx, createdAt),
      ends: expiresAt && momentOf(ctx, expiresAt),
    },
    application: await describeApplication(db, listed.applicationId),
    members: (await listMembers(db, listed.applicationId)).map(({ email }) => email),
    product: { id: product.id, name: product.name, approval: product.approval },
    apis: describeApis(ctx, apis, product).filter((api) => api.environment === 'production'),
    difference: differenceOf(apis, [product]),
    history: describeHistory(ctx, history, id, { toMembers: false }),
    ...actionsOf(ctx, listed, product, isOwn),
  };
}

async function describeApplication(db: Database, id: string): Promise<RequestPage['application']> {
  const application = await findApplication(db, id);
  if (!application) throw notFound();
  const { production } = await findApplicationClients(db, id);
  const asked = await findPromotion(db, id);
  const { name, kind, description, homepage, verifiedAt } = application;
  return {
    ...{ name, kind, description, homepage },
    verified: verifiedAt !== undefined,
    redirectUris: production
      ? production.redirectUris.map(({ uri }) => uri)
      : (asked?.redirectUris ?? []),
    inProduction: production !== undefined,
  };
}

function actionsOf(
  ctx: Context,
  { state }: ListedSubscription,
  { approval }: Product,
  isOwn: boolean,
): Pick<RequestPage, 'actions' | 'obstacle'> {
  const t = translate(ctx);
  const actions = {
    submitted: ['approve', 'reject'],
    active: ['suspend'],
    suspended: ['resume'],
  } as const;
  if (state !== 'submitted' && state !== 'active' && state !== 'suspended')
    return { actions: [], obstacle: undefined };
  if (isOwn) return { actions: [], obstacle: t('approval.own-application') };
  if (state === 'submitted' && (approval === 'webhook' || approval === 'delegation'))
    return { actions: [], obstacle: t('approval.decided-elsewhere') };
  return { actions: [...actions[state]], obstacle: undefined };
}
