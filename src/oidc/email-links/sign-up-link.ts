// The link that proves the address of a sign-up. In the browser that signed up a press of a button is
// enough. Elsewhere it takes the password as well: whoever merely gets the mail must not open an
// account that a stranger prepared (account pre-hijacking).
import Router from '@koa/router';
import type { Context } from 'koa';
import { z } from 'zod';
import type { Passwords } from '../../accounts/passwords/passwords.ts';
import { confirmSignUp, findConfirmation } from '../../accounts/sign-up/confirm-sign-up.ts';
import { expectOpen, signsInElsewhere } from '../../accounts/sign-up/modes.ts';
import type { SignUpConfig } from '../../config/sign-up.ts';
import { translate } from '../../http/i18n.ts';
import type { RateLimit } from '../../http/rate-limit.ts';
import { audit } from '../../observability/audit.ts';
import type { Database } from '../../storage/database.ts';
import type { SignUpRow } from '../../storage/sign-ups.ts';
import { currentUnitOfWork } from '../../storage/unit-of-work.ts';
import {
  allowClient,
  goOn,
  isSameBrowser,
  type LinkDeps,
  readLinkForm,
  renderLinkUsed,
  tokenOf,
} from './link-pages.ts';

export interface SignUpLinkDeps extends LinkDeps {
  db: Database;
  config: SignUpConfig;
  passwords: Passwords;
  isForcedElsewhere: (email: string) => Promise<boolean>;
  /** Guesses of one link's password. */
  limit: RateLimit;
}

const form = z.object({
  token: z.string().max(200),
  password: z.string().max(4096).default(''),
});

/** GET /sign-up/confirm, and the posts of its form. */
export function createSignUpLinkRoutes(deps: SignUpLinkDeps): Router {
  const confirm = async (ctx: Context) => {
    expectOpen(deps.config);
    const fields = await readLinkForm(ctx, form);
    const signUp = await findConfirmation(deps.db, fields.token);
    if (!signUp) return renderLinkUsed(ctx, deps);
    if (await deps.isForcedElsewhere(signUp.email)) throw signsInElsewhere();
    if (!isSameBrowser(ctx, deps, signUp.interaction_uid)) {
      const error = await passwordError(ctx, deps, signUp, fields);
      if (error) return showConfirm(ctx, deps, { token: fields.token, signUp, error });
    }
    await createAccountOf(ctx, deps, signUp, fields.token);
  };
  return new Router()
    .get('/sign-up/confirm', async (ctx) => {
      expectOpen(deps.config);
      const token = tokenOf(ctx);
      const signUp = await findConfirmation(deps.db, token);
      if (signUp) await showConfirm(ctx, deps, { token, signUp });
      else renderLinkUsed(ctx, deps);
    })
    .post('/sign-up/confirm', confirm)
    .post('/interaction/:uid/sign-up/confirm', confirm);
}

async function showConfirm(
  ctx: Context,
  deps: SignUpLinkDeps,
  page: { token: string; signUp: SignUpRow; error?: string },
): Promise<void> {
  const { interaction_uid: uid, client_id: clientId, email } = page.signUp;
  const same = isSameBrowser(ctx, deps, uid);
  if (same) await allowClient(ctx, deps, clientId);
  deps.render(ctx, 'confirm-sign-up', {
    action: same ? `/interaction/${uid}/sign-up/confirm` : '/sign-up/confirm',
    ...{ token: page.token, email, askPassword: !same },
    ...(page.error ? { error: page.error } : {}),
  });
}

async function passwordError(
  ctx: Context,
  deps: SignUpLinkDeps,
  signUp: SignUpRow,
  { password }: z.infer<typeof form>,
): Promise<string | undefined> {
  const t = translate(ctx);
  ctx.status = 400;
  if (!password) return t('sign-in.password-missing');
  const seconds = await deps.limit.take(signUp.id);
  if (seconds > 0) {
    ctx.status = 429;
    ctx.set('Retry-After', String(seconds));
    return t('sign-in.throttled', { seconds });
  }
  // Hashing takes time and may queue: it must not hold a connection.
  await currentUnitOfWork()?.commit();
  const { matches } = await deps.passwords.verify(signUp.password_hash, password);
  return matches ? undefined : t('sign-up.password-wrong');
}

async function createAccountOf(
  ctx: Context,
  deps: SignUpLinkDeps,
  signUp: SignUpRow,
  token: string,
): Promise<void> {
  const approval = deps.config.mode === 'approval';
  const account = await confirmSignUp({ db: deps.db, approval }, token);
  ctx.status = 200;
  if (approval) {
    const t = translate(ctx);
    const page = { title: t('notice.waiting-title'), message: t('sign-in.waiting'), links: [] };
    return deps.render(ctx, 'notice', page);
  }
  audit(ctx, {
    type: 'sign-in.succeeded',
    accountId: account.id,
    detail: { method: 'sign-up' },
  });
  deps.devices.remember(ctx, account.email);
  await goOn(ctx, deps, {
    ...{ accountId: account.id, clientId: signUp.client_id, message: 'notice.address-confirmed' },
  });
}
