// Under which limits a token counts.
import type { TokenLimits } from '../../config/budgets.ts';
import type { Client, ClientSubscription } from '../../storage/clients.ts';
import type { BudgetWindow, Charge } from './token-budgets.ts';

/**
 * The limits of a token for these scopes of an API. A product's quota class counts for its
 * subscription; what it allows in a minute takes the place of the defaults for the client and its
 * owner. Operators' clients have no limit.
 */
export function chargesOf(
  client: Client,
  token: { apiId: string; scopes: string[] },
  defaults: TokenLimits,
): Charge[] {
  const { application } = client;
  if (!application) return [];
  const counted = countedSubscriptions(application.subscriptions, token);
  // Not by subscription: who cancels one and subscribes anew counts on.
  const charges = counted.flatMap((one) =>
    quotaCharges(`${application.id} ${client.environment}`, one),
  );
  const isPromised = charges.some(({ window }) => window === 'minute');
  return isPromised
    ? charges
    : [
        ...charges,
        ...charge(`client ${client.id}`, defaults.clientPerMinute, 'minute'),
        ...charge(`owner ${application.ownerId}`, defaults.ownerPerMinute, 'minute'),
      ];
}

// The most generous one that gives all scopes alone; else every one that is needed for some.
function countedSubscriptions(
  subscriptions: ClientSubscription[],
  { apiId, scopes }: { apiId: string; scopes: string[] },
): ClientSubscription[] {
  const gives = (one: ClientSubscription, scope: string) =>
    one.scopes.some((given) => given.apiId === apiId && given.scope === scope);
  const active = subscriptions.filter(
    (one) => one.state === 'active' && scopes.some((scope) => gives(one, scope)),
  );
  const [best] = active
    .filter((one) => scopes.every((scope) => gives(one, scope)))
    .toSorted((a, b) => generosity(b) - generosity(a));
  return best ? [best] : active;
}

function generosity({ product: { quota } }: ClientSubscription): number {
  const perMinute = quota?.perMinute ?? Number.POSITIVE_INFINITY;
  return Math.min(perMinute, (quota?.perDay ?? Number.POSITIVE_INFINITY) / 1440);
}

function quotaCharges(holder: string, { product: { id, quota } }: ClientSubscription): Charge[] {
  const counted = `${holder} ${id}`;
  return [
    ...charge(`${counted} minute`, quota?.perMinute ?? 0, 'minute'),
    ...charge(`${counted} day`, quota?.perDay ?? 0, 'day'),
  ];
}

function charge(key: string, limit: number, window: BudgetWindow): Charge[] {
  return limit > 0 ? [{ key, limit, window }] : [];
}
