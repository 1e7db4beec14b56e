// Products and the histories of subscriptions in the words of a page.
import type { Context } from 'koa';
import { scopeText } from '../../catalog/scope-text.ts';
import { languageOf, translate } from '../../http/i18n.ts';
import { momentOf } from '../../http/moments.ts';
import type { HistoryLine, OwnSubscription, ProductApi } from '../../http/views/product.ts';
import type { Api } from '../../storage/apis.ts';
import type { Product } from '../../storage/products.ts';
import type { HistoryEntry, ListedSubscription } from '../../storage/subscription-lists.ts';

/** The APIs of a product with the scopes that it gives, sandbox first. */
export function describeApis(ctx: Context, apis: Api[], product: Product): ProductApi[] {
  const language = languageOf(ctx);
  const given = new Set(product.scopes.map(({ apiId, scope }) => `${apiId} ${scope}`));
  return apis
    .map((api) => ({
      ...{ name: api.name, environment: api.environment, audience: api.audience },
      suspended: api.suspendedAt !== undefined,
      scopes: api.scopes
        .filter(({ name }) => given.has(`${api.id} ${name}`))
        .map((scope) => ({ name: scope.name, description: scopeText(scope, language) })),
    }))
    .filter(({ scopes }) => scopes.length > 0)
    .toSorted((a, b) => b.environment.localeCompare(a.environment) || a.name.localeCompare(b.name));
}

/** A subscription as its product shows it. */
export function describeOwn(subscription: ListedSubscription): OwnSubscription {
  const { applicationId, applicationName, environment, state } = subscription;
  return { applicationId, applicationName, environment, state };
}

/**
 * The history of one subscription. Owners of the application do not learn the names of those who
 * decide; those who decide learn all.
 */
export function describeHistory(
  ctx: Context,
  entries: HistoryEntry[],
  subscriptionId: string,
  { toMembers }: { toMembers: boolean },
): HistoryLine[] {
  const t = translate(ctx);
  const by = ({ actor, name, isMember }: HistoryEntry): string => {
    if (actor !== 'account') return t(`subscription.by-${actor}`);
    if (toMembers && !isMember) return t('subscription.by-approver');
    return name ?? t('subscription.by-nobody');
  };
  return entries
    .filter((entry) => entry.subscriptionId === subscriptionId)
    .map((entry) => ({
      ...{ state: entry.state, by: by(entry), reason: entry.reason },
      at: momentOf(ctx, entry.at),
    }));
}
