// Signing in with a password within an interaction. After failures the page asks for a CAPTCHA too.
import type Router from '@koa/router';
import type { Context } from 'koa';
import { z } from 'zod';
import type { KnownDevices } from '../../accounts/known-device.ts';
import { type SignInDeps, type SignInOutcome, signIn } from '../../accounts/sign-in.ts';
import { passwordsOff } from '../../accounts/sign-up/modes.ts';
import { connectorOfAddress } from '../../federation/home-realm.ts';
import { type Translate, translate } from '../../http/i18n.ts';
import { audit } from '../../observability/audit.ts';
import { currentUnitOfWork } from '../../storage/unit-of-work.ts';
import { beginSignIn, type FederationStepsDeps } from './federation-steps.ts';
import {
  handBackSignedIn,
  type Interaction,
  readInteractionForm,
  withInteraction,
} from './interaction.ts';
import { placeOf, type SignInPage, type SignInPageDeps, showSignIn } from './sign-in-page.ts';
import { passwordsOffered } from './ways-in.ts';

export interface SignInStepDeps extends SignInPageDeps {
  signIn: SignInDeps;
  devices: KnownDevices;
  federation: FederationStepsDeps;
}

const LONGEST_EMAIL = 320;
const credentialsForm = z.looseObject({
  email: z.string().default(''),
  password: z.string().default(''),
  captcha_new: z.string().optional(),
});
type Credentials = z.infer<typeof credentialsForm>;

/** Adds POST /interaction/:uid/sign-in, and /identifier where an address decides where to sign in. */
export function addSignInStep(router: Router, deps: SignInStepDeps): void {
  router.post(
    '/identifier',
    withInteraction(deps, async (ctx, interaction) => {
      const form = z.object({ email: z.string().default('') });
      const { email } = await readInteractionForm(ctx, deps, interaction, form);
      const errors = missingCredentials({ email, password: 'asked later' }, translate(ctx));
      if (errors) {
        ctx.status = 400;
        return showSignIn(ctx, deps, interaction, { email, errors });
      }
      if (await leaveFor(ctx, deps, interaction, email, { onlyForced: false })) return;
      await showSignIn(ctx, deps, interaction, { email, identified: true });
    }),
  );
  router.post(
    '/sign-in',
    withInteraction(deps, async (ctx, interaction) => {
      if (!(await passwordsOffered(deps, interaction))) throw passwordsOff();
      const form = await readInteractionForm(ctx, deps, interaction, credentialsForm);
      // People who must sign in elsewhere have no password here.
      if (await leaveFor(ctx, deps, interaction, form.email, { onlyForced: true })) return;
      const { problem, human } = await checkForm(ctx, deps, interaction, form);
      if (problem) await showSignIn(ctx, deps, interaction, { ...problem, identified: true });
      else await signInWithPassword(ctx, deps, interaction, { ...form, human });
    }),
  );
}

/**
 * Leads people of this address to the connector where they sign in. Chromium holds the whole chain of
 * redirects after a form against its policy, so it ends with a page that goes on by itself.
 */
async function leaveFor(
  ctx: Context,
  deps: SignInStepDeps,
  interaction: Interaction,
  email: string,
  { onlyForced }: { onlyForced: boolean },
): Promise<boolean> {
  const found = await connectorOfAddress(deps.connectors, email);
  if (!found || (onlyForced && !found.forced)) return false;
  const { connector } = found;
  const href = await beginSignIn(ctx, deps.federation, interaction, connector, email.trim());
  if (href) deps.render(ctx, 'leave', { connector: connector.name, href });
  return true;
}

// What must be put right before the password is looked at, and whether a CAPTCHA was answered.
async function checkForm(
  ctx: Context,
  deps: SignInStepDeps,
  interaction: Interaction,
  form: Credentials,
): Promise<{ problem?: SignInPage; human: boolean }> {
  const { email } = form;
  // Another picture was asked for: the form comes back as it is, without complaints.
  if (form.captcha_new !== undefined) return { problem: { email, captcha: {} }, human: false };
  const errors = missingCredentials(form, translate(ctx));
  const asked = deps.captcha.isOffered && (await needsCaptcha(ctx, deps, email));
  if (errors) {
    ctx.status = 400;
    return { problem: { email, errors, captcha: asked ? {} : undefined }, human: false };
  }
  if (!asked) return { human: false };
  const problem = await deps.captcha.check(ctx, placeOf(interaction), form);
  if (!problem) return { human: true };
  ctx.status = 400;
  return { problem: { email, passwordFocus: true, captcha: { problem } }, human: false };
}

function attemptOf(ctx: Context, deps: SignInStepDeps, email: string) {
  return { email, network: ctx.state['network'], device: deps.devices.find(ctx, email) };
}

function needsCaptcha(ctx: Context, deps: SignInStepDeps, email: string): Promise<boolean> {
  return deps.signIn.limit.needsCaptcha(attemptOf(ctx, deps, email));
}

async function signInWithPassword(
  ctx: Context,
  deps: SignInStepDeps,
  interaction: Interaction,
  { email, password, human }: Credentials & { human: boolean },
) {
  // Hashing takes time and may queue: it must not hold a connection.
  await currentUnitOfWork()?.commit();
  const outcome = await signIn(deps.signIn, { ...attemptOf(ctx, deps, email), password, human });
  const clientId = String(interaction.params['client_id']);
  if (outcome.kind !== 'signed-in') {
    audit(ctx, { type: 'sign-in.failed', clientId, detail: { reason: outcome.kind } });
    const alert = refusal(ctx, outcome);
    const identified = true;
    const captcha = (await needsCaptcha(ctx, deps, email)) ? {} : undefined;
    return showSignIn(ctx, deps, interaction, {
      ...{ email, passwordFocus: true, alert, captcha, identified },
    });
  }
  const { accountId } = outcome;
  audit(ctx, { type: 'sign-in.succeeded', accountId, clientId, detail: { method: 'password' } });
  deps.devices.remember(ctx, email);
  return handBackSignedIn(ctx, deps, interaction, { accountId, amr: ['pwd'] });
}

function missingCredentials({ email, password }: Credentials, t: Translate) {
  const errors = {
    ...(email.length <= LONGEST_EMAIL && /^\s*\S+@\S+\s*$/.test(email)
      ? {}
      : { email: t('sign-in.email-missing') }),
    ...(password ? {} : { password: t('sign-in.password-missing') }),
  };
  return Object.keys(errors).length > 0 ? errors : undefined;
}

// The same status and sentence for every account and for none.
function refusal(ctx: Context, outcome: Exclude<SignInOutcome, { kind: 'signed-in' }>): string {
  if (outcome.kind === 'refused') {
    ctx.status = 400;
    return translate(ctx)('sign-in.refused');
  }
  if (outcome.kind === 'waiting') {
    ctx.status = 403;
    return translate(ctx)('sign-in.waiting');
  }
  ctx.status = 429;
  ctx.set('Retry-After', String(outcome.retryAfterSeconds));
  return translate(ctx)('sign-in.throttled', { seconds: outcome.retryAfterSeconds });
}
