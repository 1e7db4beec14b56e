// /account/download: everything that is stored of the person, as JSON.
import type Router from '@koa/router';
import { z } from 'zod';
import { listAccountEvents, listConsents } from '../../storage/account-data.ts';
import type { Database } from '../../storage/database.ts';
import { listIdentities } from '../../storage/identities.ts';
import { listSessions } from '../../storage/sessions.ts';
import {
  proofProblem,
  readOwnForm,
  recordOwn,
  type SelfCareDeps,
  showPage,
  whenSignedIn,
} from './self-care.ts';
import type { SignedIn } from './signed-in.ts';

const PATH = '/account/download';
const MAX_EVENTS = 10_000;
const form = z.object({ password: z.string().max(4096).default('') });

/** Adds the routes. */
export function addDownloadRoutes(router: Router, deps: SelfCareDeps): void {
  router.get(
    PATH,
    whenSignedIn(deps, (ctx, person) =>
      showPage(ctx, deps, person, 'account/download', { asksPassword: asksPassword(person) }),
    ),
  );
  router.post(
    PATH,
    whenSignedIn(deps, async (ctx, person) => {
      const { password } = await readOwnForm(ctx, deps, person, form);
      const doubt = await proofProblem(ctx, deps, person, { password, freshIsEnough: true });
      if (doubt === 'asked') return;
      if (doubt)
        return showPage(ctx, deps, person, 'account/download', {
          asksPassword: true,
          error: doubt,
        });
      await recordOwn(ctx, deps, person, { type: 'account.data-downloaded' });
      ctx.attachment('my-account.json');
      ctx.type = 'application/json';
      ctx.set('Cache-Control', 'no-store');
      ctx.body = `${JSON.stringify(await gather(deps.db, person), null, 2)}\n`;
    }),
  );
}

/** Whether the page asks for the password before it does something sensitive. */
function asksPassword({ account, isFresh }: SignedIn): boolean {
  return !isFresh && account.password_hash !== null;
}

async function gather(db: Database, { account }: SignedIn) {
  const { password_hash, ...stored } = account;
  return {
    account: { ...stored, has_password: password_hash !== null },
    sessions: (await listSessions(db, account.id)).map(({ signedInAt, seen }) => ({
      signed_in_at: signedInAt,
      last_seen: seen && { ...seen, at: new Date(seen.at * 1000) },
    })),
    identities: (await listIdentities(db, account.id)).map(
      ({ account_id: _account, ...identity }) => identity,
    ),
    consents: await listConsents(db, account.id),
    activity: await listAccountEvents(db, account.id, { limit: MAX_EVENTS }),
  };
}
