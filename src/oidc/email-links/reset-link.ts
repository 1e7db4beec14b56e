// The link to choose a new password. Only its token opens this door, whatever was done before.
import Router from '@koa/router';
import type { Context } from 'koa';
import { z } from 'zod';
import type { Passwords } from '../../accounts/passwords/passwords.ts';
import {
  type ChangePasswordDeps,
  findReset,
  resetPassword,
} from '../../accounts/recovery/change-password.ts';
import { passwordsOff, signsInElsewhere } from '../../accounts/sign-up/modes.ts';
import type { SignUpDeps } from '../../accounts/sign-up/request-sign-up.ts';
import { languageOf, translate } from '../../http/i18n.ts';
import { audit } from '../../observability/audit.ts';
import { currentUnitOfWork } from '../../storage/unit-of-work.ts';
import {
  goOn,
  isSameBrowser,
  type LinkDeps,
  readLinkForm,
  renderLinkUsed,
  tokenOf,
} from './link-pages.ts';

export interface ResetLinkDeps extends LinkDeps, ChangePasswordDeps {
  passwords: Passwords;
  passwordsInUse: boolean;
  passwordProblem: SignUpDeps['passwordProblem'];
  isForcedElsewhere: SignUpDeps['isForcedElsewhere'];
}

type Reset = NonNullable<Awaited<ReturnType<typeof findReset>>>;

const form = z.object({ token: z.string().max(200), password: z.string().max(4096).default('') });

/** GET /reset-password, and the posts of its form. */
export function createResetLinkRoutes(deps: ResetLinkDeps): Router {
  const find = async (token: string) => {
    if (!deps.passwordsInUse) throw passwordsOff();
    const found = await findReset(deps.db, token);
    if (found && (await deps.isForcedElsewhere(found.account.email))) throw signsInElsewhere();
    return found;
  };
  const reset = async (ctx: Context) => {
    const { token, password } = await readLinkForm(ctx, form);
    const found = await find(token);
    if (!found) return renderLinkUsed(ctx, deps);
    const { email, given_name, family_name } = found.account;
    const problem = await deps.passwordProblem(password, {
      ...{ email, givenName: given_name ?? '', familyName: family_name ?? '' },
    });
    if (problem) {
      const error = translate(ctx)(problem.key, problem.values);
      await showReset(ctx, deps, found, { token, error });
      ctx.status = 400;
      return;
    }
    await storeReset(ctx, deps, { token, password });
  };
  return new Router()
    .get('/reset-password', async (ctx) => {
      const token = tokenOf(ctx);
      const found = await find(token);
      if (found) await showReset(ctx, deps, found, { token });
      else renderLinkUsed(ctx, deps);
    })
    .post('/reset-password', reset)
    .post('/interaction/:uid/reset-password', reset);
}

async function showReset(
  ctx: Context,
  deps: ResetLinkDeps,
  { account, interactionUid: uid }: Reset,
  page: { token: string; error?: string },
): Promise<void> {
  const same = isSameBrowser(ctx, deps, uid);
  deps.render(ctx, 'reset-password', {
    ...page,
    action: same ? `/interaction/${uid}/reset-password` : '/reset-password',
    email: account.email,
  });
}

async function storeReset(
  ctx: Context,
  deps: ResetLinkDeps,
  { token, password }: z.infer<typeof form>,
): Promise<void> {
  // Hashing takes time and may queue: it must not hold a connection.
  await currentUnitOfWork()?.commit();
  const passwordHash = await deps.passwords.hash(password);
  const language = languageOf(ctx);
  const account = await resetPassword(deps, { token, passwordHash, language });
  audit(ctx, { type: 'sign-in.succeeded', accountId: account.id, detail: { method: 'reset' } });
  // Whoever was held up by strangers is let in here from now on.
  deps.devices.remember(ctx, account.email);
  const message = 'notice.password-changed';
  await goOn(ctx, deps, { accountId: account.id, clientId: null, message });
}
