// /account/sessions: where the account is signed in, and ending that.
import type Router from '@koa/router';
import type { Context } from 'koa';
import { z } from 'zod';
import { translate } from '../../http/i18n.ts';
import { momentOf } from '../../http/moments.ts';
import {
  type AccountSession,
  endAccountSession,
  endOtherSessions,
  listSessions,
  sessionId,
} from '../../storage/sessions.ts';
import {
  goOn,
  readOwnForm,
  recordOwn,
  type SelfCareDeps,
  showPage,
  whenSignedIn,
} from './self-care.ts';

const PATH = '/account/sessions';
const endForm = z.object({
  session: z.string().regex(/^[0-9a-f]{64}$/, 'There is no such session.'),
});

/** Adds the routes. */
export function addSessionRoutes(router: Router, deps: SelfCareDeps): void {
  router.get(
    PATH,
    whenSignedIn(deps, async (ctx, person) => {
      const here = sessionId(person.session.uid);
      const sessions = await listSessions(deps.db, person.account.id);
      // This one first, whenever the others were used.
      sessions.sort((a, b) => Number(b.id === here) - Number(a.id === here));
      showPage(ctx, deps, person, 'account/sessions', {
        sessions: sessions.map((session) => ({
          id: session.id,
          device: describeDevice(ctx, session),
          network: session.seen?.network ?? '',
          seen: session.seen && momentOf(ctx, new Date(session.seen.at * 1000)),
          isThis: session.id === here,
        })),
      });
    }),
  );

  router.post(
    PATH,
    whenSignedIn(deps, async (ctx, person) => {
      const { session } = await readOwnForm(ctx, deps, person, endForm);
      // Ended meanwhile or never there: what was wanted is so.
      if (await endAccountSession(deps.db, person.account.id, session))
        await recordOwn(ctx, deps, person, { type: 'session.ended' });
      goOn(ctx, PATH, 'session');
    }),
  );

  router.post(
    `${PATH}/others`,
    whenSignedIn(deps, async (ctx, person) => {
      await readOwnForm(ctx, deps, person, z.object({}));
      await endOtherSessions(deps.db, person.account.id, person.session.uid);
      await recordOwn(ctx, deps, person, { type: 'session.others-ended' });
      goOn(ctx, PATH, 'sessions');
    }),
  );
}

function describeDevice(ctx: Context, { seen }: AccountSession): string {
  const t = translate(ctx);
  const { browser, system } = seen ?? { browser: '', system: '' };
  if (browser && system) return t('account.device', { browser, system });
  return browser || system || t('account.device-unknown');
}
