// Signing up within an interaction: the form, the mail that is sent, and the way back from its link.
import type Router from '@koa/router';
import type { Context } from 'koa';
import { z } from 'zod';
import type { CaptchaGuard } from '../../accounts/captcha/guard.ts';
import { expectOpen, passwordsOff } from '../../accounts/sign-up/modes.ts';
import {
  requestSignUp,
  type SignUpDeps,
  type SignUpForm,
  type SignUpProblems,
  signUpForm,
  signUpProblems,
} from '../../accounts/sign-up/request-sign-up.ts';
import { languageOf, translate } from '../../http/i18n.ts';
import type { RateLimit } from '../../http/rate-limit.ts';
import { audit } from '../../observability/audit.ts';
import { queueJob } from '../../storage/queued-jobs.ts';
import { findSignUp } from '../../storage/sign-ups.ts';
import {
  formsOf,
  type Interaction,
  readInteractionForm,
  type StepDeps,
  withInteraction,
} from './interaction.ts';
import { connectorLinks, passwordsOffered, type WaysInDeps } from './ways-in.ts';

export interface SignUpStepsDeps extends StepDeps, WaysInDeps, SignUpDeps {
  captcha: CaptchaGuard;
  /** Sign-ups of one network. */
  limit: RateLimit;
  /** Mails of one sign-up that are asked for again: what is too much is not sent. */
  resendLimit: RateLimit;
}

const resendForm = z.object({ sign_up: z.string().max(100).default('') });
const pageForm = signUpForm.extend({ captcha_new: z.string().optional() });

/** Adds the steps under /interaction/:uid/sign-up. */
export function addSignUpSteps(router: Router, deps: SignUpStepsDeps): void {
  router.get(
    '/sign-up',
    withInteraction(deps, async (ctx, interaction) => {
      await expectSignUp(deps, interaction);
      const hint = interaction.params['login_hint'];
      const email = typeof hint === 'string' ? hint.slice(0, 320) : '';
      await showSignUp(ctx, deps, interaction, { values: { email } });
    }),
  );

  router.post(
    '/sign-up',
    withInteraction(deps, async (ctx, interaction) => {
      await expectSignUp(deps, interaction);
      const fields = await readInteractionForm(
        ctx,
        deps,
        interaction,
        z.looseObject(pageForm.shape),
      );
      await signUp(ctx, deps, interaction, fields);
    }),
  );

  router.post(
    '/sign-up/resend',
    withInteraction(deps, async (ctx, interaction) => {
      await expectSignUp(deps, interaction);
      const form = await readInteractionForm(ctx, deps, interaction, resendForm);
      const found = await findSignUp(deps.db, form.sign_up);
      const own = found?.interaction_uid === interaction.uid ? found : undefined;
      const seconds = own ? await deps.resendLimit.take(own.id) : 0;
      if (own && seconds === 0) await queueJob(deps.db, 'answer-sign-up', { id: own.id });
      await showCheckMail(ctx, deps, interaction, {
        ...{ id: form.sign_up, email: own?.email ?? '', again: true },
      });
    }),
  );
}

async function expectSignUp(deps: SignUpStepsDeps, interaction: Interaction): Promise<void> {
  expectOpen(deps.config);
  if (!(await passwordsOffered(deps, interaction))) throw passwordsOff();
}

/** Shows the sign-up form, with what was typed and what is wrong with it. */
export async function showSignUp(
  ctx: Context,
  deps: SignUpStepsDeps,
  interaction: Interaction,
  page: { values?: Partial<SignUpForm>; problems?: SignUpProblems; captchaProblem?: string },
) {
  const t = translate(ctx);
  const { email = '', given_name = '', family_name = '', terms: accepted = '' } = page.values ?? {};
  const errors = Object.entries(page.problems ?? {}).map(([field, { key, values }]) => [
    field,
    t(key, values),
  ]);
  const terms = await deps.terms();
  const place = { action: 'sign-up', binding: interaction.uid } as const;
  const captcha = await deps.captcha.show(ctx, place, page.captchaProblem);
  deps.render(ctx, 'sign-up', {
    ...(await formsOf(ctx, deps, interaction, 'sign-up')),
    values: { email, givenName: given_name, familyName: family_name },
    errors: Object.fromEntries(errors),
    connectors: await connectorLinks(ctx, deps, interaction),
    signInHref: `/interaction/${interaction.uid}?step=sign-in`,
    ...(terms ? { terms: { ...terms, accepted: accepted === terms.version } } : {}),
    ...(captcha ? { captcha } : {}),
  });
}

async function signUp(
  ctx: Context,
  deps: SignUpStepsDeps,
  interaction: Interaction,
  fields: SignUpForm & Record<string, unknown>,
) {
  // Another picture was asked for: the form comes back as it is, without complaints.
  if (fields['captcha_new'] !== undefined)
    return showSignUp(ctx, deps, interaction, { values: fields });
  const problems = await signUpProblems(deps, fields);
  if (problems) {
    ctx.status = 400;
    return showSignUp(ctx, deps, interaction, { values: fields, problems });
  }
  const seconds = await deps.limit.take(ctx.state['network']);
  if (seconds > 0) return refuse(ctx, deps, interaction, fields, seconds);
  const place = { action: 'sign-up', binding: interaction.uid } as const;
  const captchaProblem = await deps.captcha.check(ctx, place, fields);
  if (captchaProblem) {
    ctx.status = 400;
    return showSignUp(ctx, deps, interaction, { values: fields, captchaProblem });
  }
  const clientId = String(interaction.params['client_id']);
  const id = await requestSignUp(deps, fields, {
    language: languageOf(ctx),
    interactionUid: interaction.uid,
    clientId,
  });
  audit(ctx, { type: 'sign-up.requested', clientId });
  await showCheckMail(ctx, deps, interaction, { id, email: fields.email.trim(), again: false });
}

async function refuse(
  ctx: Context,
  deps: SignUpStepsDeps,
  interaction: Interaction,
  values: SignUpForm,
  seconds: number,
) {
  ctx.status = 429;
  ctx.set('Retry-After', String(seconds));
  const problem = { key: 'sign-in.throttled', values: { seconds } };
  await showSignUp(ctx, deps, interaction, { values, problems: { email: problem } });
}

async function showCheckMail(
  ctx: Context,
  deps: SignUpStepsDeps,
  interaction: Interaction,
  page: { id: string; email: string; again: boolean },
) {
  deps.render(ctx, 'check-mail', {
    ...(await formsOf(ctx, deps, interaction, 'sign-up/resend')),
    purpose: 'sign-up',
    email: page.email,
    again: page.again,
    fields: [{ name: 'sign_up', value: page.id }],
    backHref: `/interaction/${interaction.uid}/sign-up`,
  });
}
