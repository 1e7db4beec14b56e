// /applications/<id>/usage: tokens by day, API and result, the limits, and a word to whoever fetches
// a new token for every call.
import type Router from '@koa/router';
import type { Context } from 'koa';
import type { SelfCareDeps } from '../../accounts/self-care/self-care.ts';
import type { TokenLimits } from '../../config/budgets.ts';
import { translate } from '../../http/i18n.ts';
import type { MeteringViews } from '../../http/views/metering.ts';
import { type Client, findApplicationClients } from '../../storage/clients.ts';
import { type DayUsage, readTokenUsage } from '../../storage/token-usage.ts';
import { showApplicationPage, whenOwnApplication } from '../pages/own-application.ts';
import { describeRule, limitWords } from '../refusals/describe-refusal.ts';

export interface UsagePageDeps extends SelfCareDeps {
  /** undefined: nothing is limited here. */
  limits: TokenLimits | undefined;
}

type UsagePage = MeteringViews['application/usage'];

const DAYS = 30;
const HINT_DAYS = 7;
/** Fewer may be a restart or a test. */
const MANY_EARLY = 50;
const DAY_MS = 86_400_000;

/** Adds the route. */
export function addUsageRoute(router: Router, deps: UsagePageDeps): void {
  router.get(
    '/applications/:id/usage',
    whenOwnApplication(deps, async (ctx, own) => {
      const { id } = own.application;
      const usage = await readTokenUsage(deps.db, id, DAYS);
      const shown = usage.filter(({ result }) => result !== 'early');
      const clients = Object.values(await findApplicationClients(deps.db, id));
      const words = (result: string) => resultWords(ctx, id, result);
      await showApplicationPage(ctx, deps, own, {
        view: 'application/usage',
        section: 'usage',
        data: {
          ...chartOf(shown),
          totals: totalsOf(shown).map(({ result, tokens }) => ({ result: words(result), tokens })),
          days: shown.toReversed().map(({ day, environment, apiName, result, tokens }) => ({
            ...{ day, environment, tokens, result: words(result) },
            api: apiName ?? translate(ctx)('usage.no-api'),
          })),
          early: earlyOf(usage),
          limits: deps.limits ? limitsOf(ctx, clients, deps.limits) : [],
        },
      });
    }),
  );
}

function resultWords(ctx: Context, applicationId: string, result: string): string {
  const t = translate(ctx);
  const rule = /^refused:(.+)$/.exec(result)?.[1];
  if (rule) return t('usage.refused-as', { reason: describeRule(ctx, applicationId, rule).what });
  return t(`usage.${result === 'reused' || result === 'throttled' ? result : 'issued'}`);
}

const isGiven = ({ result }: DayUsage) => result === 'issued' || result === 'reused';
const sum = (usage: DayUsage[]) => usage.reduce((total, { tokens }) => total + tokens, 0);

function chartOf(usage: DayUsage[]): Pick<UsagePage, 'bars' | 'most'> {
  const today = Math.floor(Date.now() / DAY_MS);
  const days = Array.from({ length: DAYS }, (_, index) => {
    const day = new Date((today - DAYS + 1 + index) * DAY_MS).toISOString().slice(0, 10);
    const ofDay = usage.filter((one) => one.day === day);
    const issued = sum(ofDay.filter(isGiven));
    return { day, issued, refused: sum(ofDay) - issued };
  });
  const most = Math.max(0, ...days.map(({ issued, refused }) => issued + refused));
  const height = (tokens: number) => (most === 0 ? 0 : Math.round((tokens / most) * 1000) / 10);
  const bars = days.map((day) => ({
    ...day,
    ...{ issuedHeight: height(day.issued), refusedHeight: height(day.refused) },
  }));
  return { bars, most };
}

function totalsOf(usage: DayUsage[]): { result: string; tokens: number }[] {
  const totals = new Map<string, number>();
  for (const { result, tokens } of usage) totals.set(result, (totals.get(result) ?? 0) + tokens);
  return [...totals]
    .map(([result, tokens]) => ({ result, tokens }))
    .toSorted((a, b) => b.tokens - a.tokens);
}

function earlyOf(usage: DayUsage[]): number {
  const since = new Date(Date.now() - (HINT_DAYS - 1) * DAY_MS).toISOString().slice(0, 10);
  const early = sum(usage.filter(({ day, result }) => result === 'early' && day >= since));
  return early >= MANY_EARLY ? early : 0;
}

function limitsOf(
  ctx: Context,
  clients: (Client | undefined)[],
  { clientPerMinute, ownerPerMinute }: TokenLimits,
): UsagePage['limits'] {
  const t = translate(ctx);
  const general = (what: string, limit: number) =>
    limit > 0 ? [{ what, environment: undefined, limit: limitWords(ctx, limit, 'minute') }] : [];
  const quotas = clients.flatMap((client) =>
    (client?.application?.subscriptions ?? []).flatMap(({ state, product: { name, quota } }) =>
      (['minute', 'day'] as const).flatMap((window) => {
        const limit = window === 'day' ? quota?.perDay : quota?.perMinute;
        return limit === undefined || state !== 'active'
          ? []
          : [
              {
                what: name,
                environment: client?.environment,
                limit: limitWords(ctx, limit, window),
              },
            ];
      }),
    ),
  );
  return [
    ...quotas,
    ...general(t('usage.limit-client'), clientPerMinute),
    ...general(t('usage.limit-owner'), ownerPerMinute),
  ];
}
