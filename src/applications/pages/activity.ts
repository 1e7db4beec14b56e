// /applications/<id>/activity: what happened to the application, and who did it.
import type Router from '@koa/router';
import type { Context } from 'koa';
import { translate } from '../../http/i18n.ts';
import { momentOf } from '../../http/moments.ts';
import { type ApplicationEvent, listApplicationEvents } from '../../storage/application-events.ts';
import { showApplicationPage, whenOwnApplication } from './own-application.ts';
import type { ApplicationPagesDeps } from './page-deps.ts';

const PAGE_SIZE = 25;
const OTHERS = new Set(['operator', 'job', 'webhook', 'delegation']);

/** The events that are told; the text of one is `application-activity.<type>`, dots as hyphens. */
const TOLD_APPLICATION_EVENTS = [
  ...['created', 'changed', 'logo-changed', 'addresses-changed', 'disabled', 'enabled'],
  ...['deleted', 'restored', 'verified', 'suspended', 'resumed', 'promoted', 'owner-changed'],
  ...['registered', 'registration-changed'],
  ...['member-invited', 'invitation-revoked', 'member-joined', 'member-left', 'member-removed'],
]
  .map((name) => `application.${name}`)
  .concat(
    ['activated', 'submitted', 'suspended', 'resumed', 'cancelled', 'rejected', 'expired'].map(
      (name) => `subscription.${name}`,
    ),
    ['created', 'retired', 'restored', 'suspended', 'resumed', 'expired', 'published'].map(
      (name) => `credential.${name}`,
    ),
  );

/** Adds the route. */
export function addActivityRoute(router: Router, deps: ApplicationPagesDeps): void {
  router.get(
    '/applications/:id/activity',
    whenOwnApplication(deps, async (ctx, own) => {
      const { id } = own.application;
      const found = await listApplicationEvents(deps.db, id, {
        types: TOLD_APPLICATION_EVENTS,
        before: readCursor(ctx),
        limit: PAGE_SIZE + 1,
      });
      const shown = found.slice(0, PAGE_SIZE);
      const last = shown.at(-1);
      await showApplicationPage(ctx, deps, own, {
        view: 'application/activity',
        section: 'activity',
        data: {
          events: shown.map((event) => ({
            text: translate(ctx)(`application-activity.${event.type.replaceAll('.', '-')}`),
            who: describeActor(ctx, event),
            network: event.network ?? '',
            at: momentOf(ctx, event.at),
          })),
          older:
            found.length > PAGE_SIZE && last
              ? `/applications/${id}/activity?before=${last.id}`
              : undefined,
        },
      });
    }),
  );
}

function readCursor(ctx: Context): string | undefined {
  const { before } = ctx.query;
  return typeof before === 'string' && /^\d{1,18}$/.test(before) ? before : undefined;
}

function describeActor(ctx: Context, { member, detail }: ApplicationEvent): string {
  if (member) return member.name || member.email;
  const by = String(detail['by']);
  return translate(ctx)(`application-activity.by-${OTHERS.has(by) ? by : 'other'}`);
}
