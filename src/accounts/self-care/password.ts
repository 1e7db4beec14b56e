// /account/password: a new password for the old one. Everything else that holds the account ends.
import type Router from '@koa/router';
import type { Context } from 'koa';
import { z } from 'zod';
import { translate } from '../../http/i18n.ts';
import { endOtherSessions } from '../../storage/sessions.ts';
import { storeNewPassword } from '../recovery/change-password.ts';
import {
  goOn,
  mailLanguage,
  proofProblem,
  readOwnForm,
  type SelfCareDeps,
  showPage,
  whenSignedIn,
} from './self-care.ts';
import type { SignedIn } from './signed-in.ts';

const form = z.object({
  current: z.string().max(4096).default(''),
  password: z.string().max(4096).default(''),
});

/** Adds the routes. */
export function addPasswordRoutes(router: Router, deps: SelfCareDeps): void {
  router.get(
    '/account/password',
    whenSignedIn(deps, (ctx, person) => show(ctx, deps, person)),
  );
  router.post(
    '/account/password',
    whenSignedIn(deps, async (ctx, person) => {
      const { current, password } = await readOwnForm(ctx, deps, person, form);
      const { email, given_name, family_name } = person.account;
      const owner = { email, givenName: given_name ?? '', familyName: family_name ?? '' };
      const problem = await deps.passwordProblem(password, owner);
      if (problem) {
        ctx.status = 400;
        const text = translate(ctx)(problem.key, problem.values);
        return show(ctx, deps, person, { password: text });
      }
      const proof = { password: current, freshIsEnough: false };
      const doubt = await proofProblem(ctx, deps, person, proof);
      if (doubt === 'asked') return;
      if (doubt) return show(ctx, deps, person, { current: doubt });
      await changePassword(ctx, deps, person, await deps.passwords.hash(password));
      goOn(ctx, '/account/password', 'password');
    }),
  );
}

async function changePassword(
  ctx: Context,
  deps: SelfCareDeps,
  person: SignedIn,
  passwordHash: string,
): Promise<void> {
  const { account, session } = person;
  const language = mailLanguage(ctx, person);
  await storeNewPassword(deps, account, { passwordHash, language, how: 'changed' });
  await endOtherSessions(deps.db, account.id, session.uid);
}

function show(
  ctx: Context,
  deps: SelfCareDeps,
  person: SignedIn,
  errors?: { current?: string; password?: string },
): void {
  showPage(ctx, deps, person, 'account/password', {
    hasPassword: person.account.password_hash !== null,
    ...(errors ? { errors } : {}),
  });
}
