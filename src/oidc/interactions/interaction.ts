// What every step of an interaction needs: the interaction of this browser, its forms, and the way
// back to the authorization endpoint.
import type { Context } from 'koa';
import type { InteractionResults, Provider } from 'oidc-provider';
import type { z } from 'zod';
import { AppError } from '../../errors.ts';
import { type CsrfProtection, readForm } from '../../http/form.ts';
import { askForLanguage } from '../../http/i18n.ts';
import type { Render } from '../../http/render.ts';
import { allowFormAction } from '../../http/security-headers.ts';
import type { BrowserBinding } from '../browser-binding.ts';
import type { ClientLookup } from '../client-lookup.ts';
import { renderEndedSignIn } from '../provider-pages.ts';

export interface StepDeps {
  provider: () => Provider;
  render: Render;
  csrf: CsrfProtection;
  browser: BrowserBinding;
  clients: ClientLookup;
}

export type Interaction = Awaited<ReturnType<Provider['interactionDetails']>>;

/** Runs a step with the interaction of this browser, or says that the sign-in has ended. */
export function withInteraction(
  deps: StepDeps,
  step: (ctx: Context, interaction: Interaction) => Promise<unknown>,
): (ctx: Context) => Promise<void> {
  return async (ctx) => {
    const interaction = await loadInteraction(ctx, deps);
    if (interaction) await step(ctx, interaction);
    else renderEndedSignIn(ctx, deps.render);
  };
}

/** The interaction must be the one that this browser's cookie names, not another one's link. */
export async function loadInteraction(
  ctx: Context,
  deps: Pick<StepDeps, 'provider' | 'browser'>,
): Promise<Interaction | undefined> {
  try {
    const interaction = await deps.provider().interactionDetails(ctx.req, ctx.res);
    const own = interaction.uid === ctx['params'].uid && deps.browser.isBound(ctx, interaction.uid);
    if (!own) return undefined;
    askForLanguage(ctx, interaction.params['ui_locales']);
    ctx.state['page'] = `/interaction/${interaction.uid}`;
    return interaction;
  } catch (error) {
    if (error instanceof Error && error.name === 'SessionNotFound') return undefined;
    throw error;
  }
}

function csrfBinding(interaction: Interaction): string {
  return `${interaction.uid}\n${interaction.session?.uid ?? ''}`;
}

/** Reads a form of this interaction. */
export function readInteractionForm<Schema extends z.ZodType>(
  ctx: Context,
  deps: StepDeps,
  interaction: Interaction,
  schema: Schema,
) {
  return readForm(ctx, { schema, csrf: deps.csrf, binding: csrfBinding(interaction) });
}

/** What the forms of a page need; `step` is where its main form goes. */
export async function formsOf(
  ctx: Context,
  deps: StepDeps,
  interaction: Interaction,
  step: string,
) {
  const { client_id, redirect_uri } = interaction.params;
  allowFormAction(ctx, [typeof redirect_uri === 'string' ? redirect_uri : undefined]);
  const client = await deps.clients.find(String(client_id));
  return {
    action: `/interaction/${interaction.uid}/${step}`,
    cancelAction: `/interaction/${interaction.uid}/cancel`,
    csrf: deps.csrf.token(csrfBinding(interaction)),
    client: { name: client?.name ?? 'The application' },
  };
}

/** Throws 400 unless the prompt is the one that is due. */
export function expectPrompt(interaction: Interaction, name: string): void {
  if (interaction.prompt.name !== name || !interaction.session?.accountId)
    throw new AppError(
      400,
      'invalid_request',
      'This step is not the one that is due. Reload the page.',
      { key: 'error.step-not-due' },
    );
}

/** Stores the result and leads back to the authorization endpoint, which decides what comes next. */
export async function handBack(
  ctx: Context,
  deps: Pick<StepDeps, 'provider'>,
  result: InteractionResults,
) {
  const returnTo = await deps.provider().interactionResult(ctx.req, ctx.res, result);
  ctx.status = 303;
  ctx.redirect(returnTo);
}

/** Who signed in, and how. */
interface Login {
  accountId: string;
  /** How the person proved who they are (RFC 8176). */
  amr: string[];
  /** When, in seconds; undefined: now. */
  ts?: number;
  /** The name under which the upstream's session waits for ours. */
  upstream?: string;
}

/** Signs the account in and hands back. */
export async function handBackSignedIn(
  ctx: Context,
  deps: Pick<StepDeps, 'provider'>,
  interaction: Interaction,
  login: Login,
) {
  const { name } = interaction.prompt;
  await handBack(ctx, deps, {
    login: { ...login, remember: true },
    ...(name === 'select_account' || name === 'create' ? { [name]: {} } : {}),
  });
}
