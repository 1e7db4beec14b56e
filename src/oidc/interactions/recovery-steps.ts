// A forgotten password, within an interaction: the mail's link leads back into it.
import type Router from '@koa/router';
import type { Context } from 'koa';
import { z } from 'zod';
import type { CaptchaGuard } from '../../accounts/captcha/guard.ts';
import { parseEmailAddress } from '../../accounts/email-address.ts';
import { requestReset } from '../../accounts/recovery/request-reset.ts';
import { passwordsOff } from '../../accounts/sign-up/modes.ts';
import { AppError } from '../../errors.ts';
import { languageOf, translate } from '../../http/i18n.ts';
import type { RateLimit } from '../../http/rate-limit.ts';
import { audit } from '../../observability/audit.ts';
import type { Database } from '../../storage/database.ts';
import {
  formsOf,
  type Interaction,
  readInteractionForm,
  type StepDeps,
  withInteraction,
} from './interaction.ts';

export interface RecoveryStepsDeps extends StepDeps {
  db: Database;
  encryptionKeys: Buffer[];
  captcha: CaptchaGuard;
  /** Requests of one network. */
  limit: RateLimit;
  /** False: no mail can be sent. */
  enabled: boolean;
  passwords: boolean;
  /** Whether people of this address sign in elsewhere only. */
  isForcedElsewhere: (email: string) => Promise<boolean>;
}

const forgotForm = z.looseObject({
  email: z.string().default(''),
  captcha_new: z.string().optional(),
});

/** Adds the steps under /interaction/:uid/forgot-password. */
export function addRecoverySteps(router: Router, deps: RecoveryStepsDeps): void {
  router.get(
    '/forgot-password',
    withInteraction(deps, async (ctx, interaction) => {
      expectRecovery(deps);
      const hint = interaction.params['login_hint'];
      const email = typeof hint === 'string' ? hint.slice(0, 320) : '';
      await showForgot(ctx, deps, interaction, { email });
    }),
  );

  router.post(
    '/forgot-password',
    withInteraction(deps, async (ctx, interaction) => {
      expectRecovery(deps);
      const fields = await readInteractionForm(ctx, deps, interaction, forgotForm);
      await forgot(ctx, deps, interaction, fields);
    }),
  );
}

function expectRecovery({ enabled, passwords }: RecoveryStepsDeps): void {
  if (!passwords) throw passwordsOff();
  if (!enabled)
    throw new AppError(403, 'forbidden', 'No mail can be sent here: ask an administrator.', {
      key: 'recovery.no-mail',
    });
}

async function forgot(
  ctx: Context,
  deps: RecoveryStepsDeps,
  interaction: Interaction,
  fields: z.infer<typeof forgotForm>,
) {
  const t = translate(ctx);
  const typed = { email: fields.email };
  if (fields.captcha_new !== undefined) return showForgot(ctx, deps, interaction, typed);
  const email = parseEmailAddress(fields.email);
  if (!email) {
    const error = t(fields.email.trim() ? 'sign-up.email-invalid' : 'sign-in.email-missing');
    return showForgot(ctx, deps, interaction, { ...typed, error }, 400);
  }
  if (await deps.isForcedElsewhere(email)) {
    const error = t('federation.other_connector');
    return showForgot(ctx, deps, interaction, { ...typed, error }, 400);
  }
  const seconds = await deps.limit.take(ctx.state['network']);
  if (seconds > 0) {
    ctx.set('Retry-After', String(seconds));
    const error = t('sign-in.throttled', { seconds });
    return showForgot(ctx, deps, interaction, { ...typed, error }, 429);
  }
  const place = { action: 'reset', binding: interaction.uid } as const;
  const captchaProblem = await deps.captcha.check(ctx, place, fields);
  if (captchaProblem) return showForgot(ctx, deps, interaction, { ...typed, captchaProblem }, 400);
  await requestReset(deps, { email, language: languageOf(ctx), interactionUid: interaction.uid });
  audit(ctx, { type: 'reset.requested', clientId: String(interaction.params['client_id']) });
  deps.render(ctx, 'check-mail', {
    ...(await formsOf(ctx, deps, interaction, 'forgot-password')),
    ...{ purpose: 'reset', email, again: false, fields: [] },
    backHref: `/interaction/${interaction.uid}/forgot-password`,
  });
}

async function showForgot(
  ctx: Context,
  deps: RecoveryStepsDeps,
  interaction: Interaction,
  page: { email: string; error?: string; captchaProblem?: string },
  status = 200,
) {
  const place = { action: 'reset', binding: interaction.uid } as const;
  const captcha = await deps.captcha.show(ctx, place, page.captchaProblem);
  const { email, error } = page;
  deps.render(ctx, 'forgot-password', {
    ...(await formsOf(ctx, deps, interaction, 'forgot-password')),
    ...{ email, ...(error ? { error } : {}), ...(captcha ? { captcha } : {}) },
    signInHref: `/interaction/${interaction.uid}?step=sign-in`,
  });
  ctx.status = status;
}
