// /account/close: the person deletes the account, and may change their mind for some days.
import type Router from '@koa/router';
import { z } from 'zod';
import { momentOf } from '../../http/moments.ts';
import { deleteAccount } from '../delete-account.ts';
import {
  mailLanguage,
  proofProblem,
  readOwnForm,
  type SelfCareDeps,
  showPage,
  whenSignedIn,
} from './self-care.ts';

const PATH = '/account/close';
const DAY_MS = 24 * 3600 * 1000;
const form = z.object({ password: z.string().max(4096).default('') });

/** Adds the routes. */
export function addCloseRoutes(router: Router, deps: SelfCareDeps): void {
  const days = deps.erasureDays;
  router.get(
    PATH,
    whenSignedIn(deps, (ctx, person) => {
      const asksPassword = person.account.password_hash !== null;
      showPage(ctx, deps, person, 'account/close', { asksPassword, days });
    }),
  );
  router.post(
    PATH,
    whenSignedIn(deps, async (ctx, person) => {
      const { account } = person;
      const { password } = await readOwnForm(ctx, deps, person, form);
      const doubt = await proofProblem(ctx, deps, person, { password, freshIsEnough: false });
      if (doubt === 'asked') return;
      if (doubt) {
        const page = { asksPassword: true, days, error: doubt };
        return showPage(ctx, deps, person, 'account/close', page);
      }
      await deleteAccount(deps.db, account.id, 'the person');
      const until = momentOf(ctx, new Date(Date.now() + days * DAY_MS), { dateOnly: true });
      await deps.outbox.queue({
        kind: 'account-closed',
        to: account.email,
        language: mailLanguage(ctx, person),
        values: { days: String(days) },
      });
      await deps.signOutHere(ctx);
      ctx.state['page'] = '/';
      deps.render(ctx, 'account/closed', { email: account.email, until });
    }),
  );
}
