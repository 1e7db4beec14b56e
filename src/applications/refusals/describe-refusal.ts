// A refusal in words: what happened, what to change and where, and the values that help.

import type { Context } from 'koa';
import { translate } from '../../http/i18n.ts';
import { momentOf } from '../../http/moments.ts';
import type { DetailRow, PlaceLink } from '../../http/views/metering.ts';
import type { Refusal, RefusalDetail } from '../../storage/refusals.ts';
import { isRule, RULES, type Rule } from './rules.ts';

/** Where each place is, below the page of the application. */
const PATHS: Record<string, string> = {
  subscriptions: '/subscriptions',
  credentials: '/credentials',
  'redirect-uris': '/addresses',
  application: '',
  usage: '/usage',
};

/** The two sentences of a rule, and the page where its remedy is. */
export function describeRule(
  ctx: Context,
  applicationId: string,
  rule: string,
): { what: string; remedy: string; place: PlaceLink | undefined } {
  const t = translate(ctx);
  const known: Rule = isRule(rule) ? rule : 'request_invalid';
  const name = known.replaceAll('_', '-');
  const place = RULES[known];
  const path = PATHS[place];
  return {
    what: t(`refusal.${name}-what`),
    remedy: t(`refusal.${name}-do`),
    place:
      path === undefined
        ? undefined
        : { href: `/applications/${applicationId}${path}`, text: t(`refusal.place-${place}`) },
  };
}

/** The values of a refusal, line by line. */
export function describeDetails(ctx: Context, refusal: Refusal): DetailRow[] {
  const t = translate(ctx);
  const { detail } = refusal;
  const row = (name: string, value: string, isCode = false): DetailRow => ({
    ...{ label: t(`refusal.detail-${name}`), value, isCode },
  });
  const plain = (name: string, isCode: boolean) =>
    detail[name] === undefined ? [] : [row(name, String(detail[name]), isCode)];
  return [
    row('at', momentOf(ctx, refusal.refusedAt).text),
    row('client', refusal.clientId, true),
    row('endpoint', refusal.endpoint, true),
    row('answer', [refusal.error, refusal.description].filter(Boolean).join(': ')),
    ...plain('scope', true),
    ...plain('api', false),
    ...plain('product', false),
    ...plain('sent', true),
    ...plain('registered', true),
    ...told(detail, 'difference', (part) => row('difference', t(`refusal.difference-${part}`))),
    ...plain('credential', true),
    ...told(detail, 'ended_at', (at) => row('ended_at', momentOf(ctx, new Date(at)).text)),
    ...told(detail, 'clock_seconds', (seconds) => row('clock_seconds', clockWords(ctx, seconds))),
    ...told(detail, 'limit', (limit) =>
      row('limit', limitWords(ctx, Number(limit), detail['window'])),
    ),
  ];
}

/** A limit in words. */
export function limitWords(ctx: Context, limit: number, window: unknown): string {
  return translate(ctx)(`refusal.limit-${window === 'day' ? 'day' : 'minute'}`, { limit });
}

function clockWords(ctx: Context, text: string): string {
  const seconds = Number(text);
  const direction = seconds < 0 ? 'behind' : 'ahead';
  return translate(ctx)(`refusal.clock-${direction}`, { seconds: Math.abs(seconds) });
}

function told(
  detail: RefusalDetail,
  name: string,
  describe: (value: string) => DetailRow,
): DetailRow[] {
  const value = detail[name];
  return value === undefined ? [] : [describe(String(value))];
}
