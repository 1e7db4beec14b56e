// The sign-in page: what it offers, and what it says of an attempt before.
import type { Context } from 'koa';
import type { CaptchaGuard } from '../../accounts/captcha/guard.ts';
import { isOpen } from '../../accounts/sign-up/modes.ts';
import { sentenceOfRefusal } from '../../federation/attempts/refuse-sign-in.ts';
import { translate } from '../../http/i18n.ts';
import { formsOf, type Interaction, type StepDeps } from './interaction.ts';
import { connectorLinks, passwordsOffered, type WaysInDeps } from './ways-in.ts';

export interface SignInPageDeps extends WaysInDeps, StepDeps {
  captcha: CaptchaGuard;
  /** Whether a forgotten password can be replaced by mail. */
  canReset: boolean;
}

export interface SignInPage {
  email: string;
  alert?: string;
  errors?: { email?: string; password?: string };
  passwordFocus?: boolean;
  /** The address is known already, and leads nowhere else: now the password. */
  identified?: boolean;
  /** Show a CAPTCHA, with a sentence about the last answer. */
  captcha?: { problem?: string | undefined } | undefined;
}

/** Shows the sign-in page. */
export async function showSignIn(
  ctx: Context,
  deps: SignInPageDeps,
  interaction: Interaction,
  { captcha: asked, identified = false, ...page }: SignInPage,
) {
  // Asked for again, in another language, it must not lead straight to a connector.
  ctx.state['page'] =
    ctx.method === 'GET' ? ctx.url : `/interaction/${interaction.uid}?step=sign-in`;
  const hasDomains = (await deps.connectors.domains()).length > 0;
  const identifierFirst = !identified && hasDomains;
  const captcha = asked && (await deps.captcha.show(ctx, placeOf(interaction), asked.problem));
  deps.render(ctx, 'sign-in', {
    ...(await formsOf(ctx, deps, interaction, identifierFirst ? 'identifier' : 'sign-in')),
    ...(await waysOffered(ctx, deps, interaction, identifierFirst)),
    identifierFirst,
    ...(identified && hasDomains
      ? { addressHref: `/interaction/${interaction.uid}?step=sign-in` }
      : {}),
    ...(captcha ? { captcha } : {}),
    ...page,
  });
}

/** Where the CAPTCHA of the sign-in page belongs. */
export function placeOf(interaction: Interaction) {
  return { action: 'sign-in', binding: interaction.uid } as const;
}

async function waysOffered(
  ctx: Context,
  deps: SignInPageDeps,
  interaction: Interaction,
  identifierFirst: boolean,
) {
  const passwords = await passwordsOffered(deps, interaction);
  const connectors = await connectorLinks(ctx, deps, interaction);
  const hasWays = passwords || identifierFirst || connectors.length > 0;
  const notice = signInNotice(ctx, deps, interaction, hasWays);
  const alert = await sentenceOfRefusal(ctx, deps.connectors);
  const at = `/interaction/${interaction.uid}`;
  return {
    ...{ passwords, connectors },
    ...(notice ? { notice } : {}),
    ...(alert ? { alert } : {}),
    ...(passwords && isOpen(deps.config) ? { signUpHref: `${at}/sign-up` } : {}),
    ...(passwords && deps.canReset ? { forgotHref: `${at}/forgot-password` } : {}),
  };
}

function signInNotice(
  ctx: Context,
  { config: { mode } }: SignInPageDeps,
  interaction: Interaction,
  hasWays: boolean,
): string | undefined {
  const t = translate(ctx);
  if (!hasWays) return t('sign-in.passwords-off');
  const isOpenMode = mode === 'open' || mode === 'approval';
  if (interaction.prompt.name !== 'create' || isOpenMode) return undefined;
  return t(mode === 'invitation' ? 'sign-up.by-invitation' : 'sign-up.closed');
}
