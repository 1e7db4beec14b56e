// Signing in elsewhere, within an interaction: the way to the upstream and the way back with its answer.
import type Router from '@koa/router';
import type { Context } from 'koa';
import { type AttemptDeps, beginAttempt, type Purpose } from '../../federation/attempts.ts';
import { type AuthorizationHints, Refusal } from '../../federation/connector.ts';
import type { Connectors } from '../../federation/connectors.ts';
import { refuseSignIn } from '../../federation/refuse-sign-in.ts';
import { type Interaction, type StepDeps, withInteraction } from './interaction.ts';

export interface FederationStepsDeps extends StepDeps, AttemptDeps {
  browser: StepDeps['browser'];
  connectors: Connectors;
}

/** Adds GET /interaction/:uid/federation/:connector, which leads to the upstream. */
export function addFederationSteps(router: Router, deps: FederationStepsDeps): void {
  router.get(
    '/federation/:connector',
    withInteraction(deps, async (ctx, interaction) => {
      await leave(ctx, deps, interaction, { kind: 'sign-in', interactionUid: interaction.uid });
    }),
  );
  router.get(
    '/identity/proof/:connector',
    withInteraction(deps, async (ctx, interaction) => {
      await leave(ctx, deps, interaction, { kind: 'proof', interactionUid: interaction.uid });
    }),
  );
}

async function leave(
  ctx: Context,
  deps: FederationStepsDeps,
  interaction: Interaction,
  purpose: Purpose,
): Promise<void> {
  const id: string = ctx['params'].connector;
  const connector = await deps.connectors.findEnabled(id);
  try {
    if (!connector)
      throw new Refusal('unavailable', 'there is no such connector, or it is disabled');
    const hints = hintsOf(ctx, interaction);
    const url = await beginAttempt(ctx, deps, connector, { purpose, hints });
    ctx.status = 303;
    ctx.redirect(url.href);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const clientId = String(interaction.params['client_id']);
    refuseSignIn(ctx, { interactionUid: interaction.uid, clientId, connectorId: id }, error);
  }
}

/** What the request of the client, and the person's choice on our page, ask of the upstream. */
function hintsOf(ctx: Context, { params, prompt }: Interaction): AuthorizationHints {
  const text = (value: unknown) =>
    typeof value === 'string' && value !== '' ? value.slice(0, 320) : undefined;
  const typed = text(ctx.query['email']);
  return {
    loginHint: typed ?? text(params['login_hint']),
    domainHint: text(params['domain_hint']),
    uiLocales: text(params['ui_locales']),
    prompt: promptOf(ctx, prompt),
    ...(typeof params['max_age'] === 'number' ? { maxAge: params['max_age'] } : {}),
  };
}

function promptOf(ctx: Context, prompt: Interaction['prompt']): AuthorizationHints['prompt'] {
  if (prompt.reasons.some((reason) => reason === 'login_prompt' || reason === 'max_age'))
    return 'login';
  if (prompt.name === 'create') return 'create';
  const isAnother = prompt.name === 'select_account' || ctx.query['account'] === 'another';
  return isAnother ? 'select_account' : undefined;
}
