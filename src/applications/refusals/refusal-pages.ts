// /refusals/<correlation id> and /applications/<id>/refusals: why the application was refused. Only
// its members learn that there is such a refusal at all.
import type Router from '@koa/router';
import type { Context } from 'koa';
import { type SelfCareDeps, whenSignedIn } from '../../accounts/self-care/self-care.ts';
import { notFound } from '../../errors.ts';
import { translate } from '../../http/i18n.ts';
import { momentOf } from '../../http/moments.ts';
import type { DetailRow } from '../../http/views/metering.ts';
import { findMemberApplication } from '../../storage/applications.ts';
import { findApplicationClients } from '../../storage/clients.ts';
import type { Database } from '../../storage/database.ts';
import { listVisibleProductsWith } from '../../storage/products.ts';
import {
  countRefusals,
  findMemberRefusal,
  listRefusals,
  type Refusal,
} from '../../storage/refusals.ts';
import { showApplicationPage, whenOwnApplication } from '../pages/own-application.ts';
import { describeDetails, describeRule } from './describe-refusal.ts';
import type { RefusalLog } from './refusal-log.ts';

export interface RefusalPagesDeps extends SelfCareDeps {
  refusals: RefusalLog;
}

const SHOWN = 50;
const DAYS = 30;

/** Adds the routes. */
export function addRefusalRoutes(router: Router, deps: RefusalPagesDeps): void {
  router.get(
    '/refusals/:id',
    whenSignedIn(deps, async (ctx, person) => {
      const id: string = ctx['params'].id;
      await deps.refusals.settle(id);
      const refusal = await findMemberRefusal(deps.db, person.account.id, id);
      const application =
        refusal && (await findMemberApplication(deps.db, person.account.id, refusal.applicationId));
      if (!application) throw notFound();
      const products = await listProducts(ctx, deps.db, person.account.id, refusal);
      await showApplicationPage(
        ctx,
        deps,
        { person, application },
        {
          view: 'application/refusal',
          section: 'refusals',
          data: {
            ...describeRule(ctx, application.id, refusal.rule),
            rows: [...describeDetails(ctx, refusal), ...products],
            correlationId: refusal.correlationId,
          },
        },
      );
    }),
  );

  router.get(
    '/applications/:id/refusals',
    whenOwnApplication(deps, async (ctx, own) => {
      const { id } = own.application;
      const counts = await countRefusals(deps.db, id, DAYS);
      const latest = await listRefusals(deps.db, id, SHOWN);
      const { sandbox, production } = await findApplicationClients(deps.db, id);
      const environmentOf = ({ clientId }: Refusal) =>
        [sandbox, production].find((client) => client?.id === clientId)?.environment;
      await showApplicationPage(ctx, deps, own, {
        view: 'application/refusals',
        section: 'refusals',
        data: {
          rules: counts.map(({ rule, count }) => ({ ...describeRule(ctx, id, rule), count })),
          latest: latest.map((refusal) => ({
            id: refusal.correlationId,
            what: describeRule(ctx, id, refusal.rule).what,
            at: momentOf(ctx, refusal.refusedAt),
            environment: environmentOf(refusal),
          })),
        },
      });
    }),
  );
}

// Of those that the person may see: what they would have to subscribe to.
async function listProducts(
  ctx: Context,
  db: Database,
  accountId: string,
  { rule, detail }: Refusal,
): Promise<DetailRow[]> {
  const { scope } = detail;
  if (rule !== 'scope_not_subscribed' || typeof scope !== 'string') return [];
  const products = await listVisibleProductsWith(db, accountId, scope);
  if (products.length === 0) return [];
  const links = products.map(({ id, name }) => ({ href: `/products/${id}`, text: name }));
  return [{ label: translate(ctx)('refusal.detail-products'), value: '', links }];
}
