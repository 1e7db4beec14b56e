// /account/activity: what happened to the account, in plain words.
import type Router from '@koa/router';
import type { Context } from 'koa';
import { translate } from '../../http/i18n.ts';
import { momentOf } from '../../http/moments.ts';
import { type AccountEvent, listAccountEvents } from '../../storage/account-data.ts';
import { type SelfCareDeps, showPage, whenSignedIn } from './self-care.ts';

const PAGE_SIZE = 25;

/** The events that mean something to a person; the text of one is `activity.<type>`, dots as hyphens. */
export const TOLD_EVENTS = [
  ...['sign-in.succeeded', 'sign-out', 'session.ended', 'session.others-ended'],
  ...['authorization.granted', 'consent.given', 'consent.revoked', 'grant.revoked'],
  ...['account.created', 'account.blocked', 'account.unblocked', 'account.deleted'],
  ...[
    'account.restored',
    'account.reset-started',
    'account.approved',
    'account.rejected',
    'account.data-downloaded',
  ],
  ...['account.signed-up', 'account.taken-back', 'account.profile-changed', 'account.proof-failed'],
  ...['password.changed', 'password.reset', 'email.change-requested', 'email.changed'],
  ...['group.account-added', 'group.account-removed', 'invitation.accepted'],
  ...['identity.linked', 'identity.unlinked', 'session.ended-upstream', 'account.claimed'],
];

/** Adds the route. */
export function addActivityRoutes(router: Router, deps: SelfCareDeps): void {
  router.get(
    '/account/activity',
    whenSignedIn(deps, async (ctx, person) => {
      const found = await listAccountEvents(deps.db, person.account.id, {
        types: TOLD_EVENTS,
        before: readCursor(ctx),
        limit: PAGE_SIZE + 1,
      });
      const shown = found.slice(0, PAGE_SIZE);
      const last = shown.at(-1);
      showPage(ctx, deps, person, 'account/activity', {
        events: shown.map((event) => ({
          text: describeEvent(ctx, event),
          network: event.network ?? '',
          at: momentOf(ctx, event.at),
        })),
        older: found.length > PAGE_SIZE && last ? `/account/activity?before=${last.id}` : undefined,
      });
    }),
  );
}

function readCursor(ctx: Context): string | undefined {
  const { before } = ctx.query;
  return typeof before === 'string' && /^\d{1,18}$/.test(before) ? before : undefined;
}

function describeEvent(ctx: Context, event: AccountEvent): string {
  const t = translate(ctx);
  const client = event.client_name ?? t('activity.this-server');
  const { group } = event.detail;
  return t(`activity.${event.type.replaceAll('.', '-')}`, {
    client,
    group: typeof group === 'string' ? group : '',
  });
}
