// Points in time as pages show them. Pages work without scripts, so they speak of UTC.
import type { Context } from 'koa';
import { languageOf } from './i18n.ts';
import type { Moment } from './views/account.ts';

/** A point in time in the language of the page; `dateOnly` leaves the time of day away. */
export function momentOf(ctx: Context, date: Date, { dateOnly = false } = {}): Moment {
  const format = new Intl.DateTimeFormat(languageOf(ctx), {
    dateStyle: 'medium',
    timeZone: 'UTC',
    ...(dateOnly ? {} : { timeStyle: 'short' }),
  });
  return { iso: date.toISOString(), text: `${format.format(date)}${dateOnly ? '' : ' UTC'}` };
}
