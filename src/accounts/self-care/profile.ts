// /account: the names, and what else is known of the person.
import type Router from '@koa/router';
import type { Context } from 'koa';
import { z } from 'zod';
import { translate } from '../../http/i18n.ts';
import { momentOf } from '../../http/moments.ts';
import { setAccountNames } from '../../storage/accounts.ts';
import { personName } from '../person-name.ts';
import {
  goOn,
  readOwnForm,
  recordOwn,
  type SelfCareDeps,
  showPage,
  whenSignedIn,
} from './self-care.ts';
import type { SignedIn } from './signed-in.ts';

const form = z.object({
  given_name: z.string().max(1000).default(''),
  family_name: z.string().max(1000).default(''),
});
/** A name may also be left out. */
const isName = (text: string) => text === '' || personName.safeParse(text).success;

/** Adds the routes. */
export function addProfileRoutes(router: Router, deps: SelfCareDeps): void {
  router.get(
    '/account',
    whenSignedIn(deps, (ctx, person) => show(ctx, deps, person, {})),
  );
  router.post(
    '/account',
    whenSignedIn(deps, async (ctx, person) => {
      const fields = await readOwnForm(ctx, deps, person, form);
      const givenName = fields.given_name.trim();
      const familyName = fields.family_name.trim();
      const wrong = translate(ctx)('account.name-wrong');
      const errors = {
        ...(isName(givenName) ? {} : { givenName: wrong }),
        ...(isName(familyName) ? {} : { familyName: wrong }),
      };
      if (Object.keys(errors).length > 0) {
        ctx.status = 400;
        return show(ctx, deps, person, { givenName, familyName, errors });
      }
      await setAccountNames(deps.db, person.account.id, { givenName, familyName });
      await recordOwn(ctx, deps, person, { type: 'account.profile-changed' });
      goOn(ctx, '/account', 'profile');
    }),
  );
}

function show(
  ctx: Context,
  deps: SelfCareDeps,
  person: SignedIn,
  typed: {
    givenName?: string;
    familyName?: string;
    errors?: { givenName?: string; familyName?: string };
  },
): void {
  const { account } = person;
  showPage(ctx, deps, person, 'account/overview', {
    givenName: account.given_name ?? '',
    familyName: account.family_name ?? '',
    roles: account.roles,
    groups: account.groups,
    since: momentOf(ctx, account.created_at, { dateOnly: true }),
    ...typed,
  });
}
