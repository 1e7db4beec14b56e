// Signing in with a password within an interaction. After failures the page asks for a CAPTCHA too.
import type Router from '@koa/router';
import type { Context } from 'koa';
import { z } from 'zod';
import type { CaptchaGuard } from '../../accounts/captcha/guard.ts';
import type { KnownDevices } from '../../accounts/known-device.ts';
import { type SignInDeps, type SignInOutcome, signIn } from '../../accounts/sign-in.ts';
import { isOpen, passwordsOff } from '../../accounts/sign-up/modes.ts';
import { connectorOfAddress } from '../../federation/home-realm.ts';
import { sentenceOfRefusal } from '../../federation/refuse-sign-in.ts';
import { type Translate, translate } from '../../http/i18n.ts';
import { audit } from '../../observability/audit.ts';
import { currentUnitOfWork } from '../../storage/unit-of-work.ts';
import { beginSignIn, type FederationStepsDeps } from './federation-steps.ts';
import {
  formsOf,
  handBackSignedIn,
  type Interaction,
  readInteractionForm,
  type StepDeps,
  withInteraction,
} from './interaction.ts';
import { connectorLinks, type WaysInDeps } from './ways-in.ts';

export interface SignInStepDeps extends WaysInDeps, StepDeps {
  signIn: SignInDeps;
  devices: KnownDevices;
  captcha: CaptchaGuard;
  federation: FederationStepsDeps;
  /** Whether a forgotten password can be replaced by mail. */
  canReset: boolean;
}

interface SignInPage {
  email: string;
  alert?: string;
  errors?: { email?: string; password?: string };
  passwordFocus?: boolean;
  /** The address is known already, and leads nowhere else: now the password. */
  identified?: boolean;
  /** Show a CAPTCHA, with a sentence about the last answer. */
  captcha?: { problem?: string | undefined } | undefined;
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
      if (!deps.config.passwords) throw passwordsOff();
      const form = await readInteractionForm(ctx, deps, interaction, credentialsForm);
      // People who must sign in elsewhere have no password here.
      if (await leaveFor(ctx, deps, interaction, form.email, { onlyForced: true })) return;
      const { problem, human } = await checkForm(ctx, deps, interaction, form);
      if (problem) await showSignIn(ctx, deps, interaction, { ...problem, identified: true });
      else await signInWithPassword(ctx, deps, interaction, { ...form, human });
    }),
  );
}

/** Shows the sign-in page. */
export async function showSignIn(
  ctx: Context,
  deps: SignInStepDeps,
  interaction: Interaction,
  { captcha: asked, identified = false, ...page }: SignInPage,
) {
  const { config } = deps;
  // Asked for again, in another language, it must not lead straight to a connector.
  ctx.state['page'] =
    ctx.method === 'GET' ? ctx.url : `/interaction/${interaction.uid}?step=sign-in`;
  const ways = await waysShown(ctx, deps, interaction, identified);
  const hasOtherWays = !identified && (ways.identifierFirst || ways.connectors.length > 0);
  const notice = signInNotice(ctx, deps, interaction, hasOtherWays);
  const captcha = asked && (await deps.captcha.show(ctx, placeOf(interaction), asked.problem));
  deps.render(ctx, 'sign-in', {
    ...(await formsOf(ctx, deps, interaction, ways.identifierFirst ? 'identifier' : 'sign-in')),
    ...ways,
    ...(notice ? { notice } : {}),
    passwords: config.passwords,
    ...(isOpen(config) ? { signUpHref: `/interaction/${interaction.uid}/sign-up` } : {}),
    ...(deps.canReset && config.passwords
      ? { forgotHref: `/interaction/${interaction.uid}/forgot-password` }
      : {}),
    ...(captcha ? { captcha } : {}),
    ...page,
  });
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

async function waysShown(
  ctx: Context,
  deps: SignInStepDeps,
  interaction: Interaction,
  identified: boolean,
) {
  const refused = await sentenceOfRefusal(ctx, deps.connectors);
  return {
    ...(refused ? { alert: refused } : {}),
    connectors: await connectorLinks(ctx, deps, interaction),
    identifierFirst: !identified && (await deps.connectors.domains()).length > 0,
  };
}

function placeOf(interaction: Interaction) {
  return { action: 'sign-in', binding: interaction.uid } as const;
}

function signInNotice(
  ctx: Context,
  { config: { mode, passwords } }: SignInStepDeps,
  interaction: Interaction,
  hasOtherWays: boolean,
) {
  const t = translate(ctx);
  if (!passwords && !hasOtherWays) return t('sign-in.passwords-off');
  if (interaction.prompt.name !== 'create' || mode === 'open' || mode === 'approval')
    return undefined;
  return t(mode === 'invitation' ? 'sign-up.by-invitation' : 'sign-up.closed');
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
